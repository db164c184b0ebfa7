-- The rows of credit_notes: discounts that undo a charge on a loaded invoice, with their tax.
with discounts as (
    select *
    from {{ ref('int_money__discounts') }}
    where is_credit_note and exclude_rule is null and reject_reason is null
),

positions as (
    select * from {{ ref('int_money__payer_positions') }}
),

final as (
    select
        discounts.discount_key as _sonar_key,
        discounts._customer_key,
        discounts.sonar_discount_id,
        discounts.credit_note_invoice_id as sonar_invoice_id,
        discounts.number,
        discounts.date,
        discounts.created_local_at,
        discounts.usable_cents as total_cents,
        positions.unapplied_cents as remind_cents,
        discounts.comment as note,
        discounts.author_key,
        null::text as exclude_rule,
        null::text as reject_reason
    from discounts
    inner join positions on discounts.discount_key = positions._sonar_key
)

select * from final
