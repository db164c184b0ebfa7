-- The rows of payments: what was paid, and with a minus what was taken back.
with payments as (
    select *
    from {{ ref('int_money__payments') }}
    where exclude_rule is null and reject_reason is null
),

positions as (
    select * from {{ ref('int_money__payer_positions') }}
),

taken_back as (
    select *
    from {{ ref('int_money__taken_back') }}
    where exclude_rule is null and reject_reason is null and merge_rule is null
),

final as (
    select
        payments.payment_key as _sonar_key,
        payments._customer_key,
        payments.splynx_payment_type,
        payments.receipt_number,
        payments.date,
        payments.created_local_at,
        payments.amount_cents,
        positions.unapplied_cents as remind_cents,
        payments.comment,
        payments.field_1,
        payments.field_2,
        payments.note,
        payments.author_key,
        null::text as exclude_rule,
        null::text as reject_reason
    from payments
    inner join positions on payments.payment_key = positions._sonar_key
    union all
    select
        _sonar_key,
        _customer_key,
        splynx_payment_type,
        receipt_number,
        date,
        created_local_at,
        -amount_cents as amount_cents,
        0 as remind_cents,
        title as comment,
        null as field_1,
        null as field_2,
        words as note,
        author_key,
        null as exclude_rule,
        null as reject_reason
    from taken_back
)

select * from final
