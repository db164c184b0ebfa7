-- The lines of credit notes: the discount, then its taxes.
with discounts as (
    select *
    from {{ ref('int_money__discounts') }}
    where is_credit_note and exclude_rule is null and reject_reason is null
),

discount_lines as (
    select * from {{ ref('int_money__discount_lines') }}
),

taxes as (
    select *
    from {{ ref('int_money__taxes') }}
    where owner = 'discount'
),

final as (
    select
        discount_lines._sonar_key,
        discounts._customer_key,
        discounts.discount_key as credit_note_key,
        discount_lines.pos,
        coalesce(taxes.description, discounts.description) as description,
        discount_lines.amount_cents,
        null::text as exclude_rule,
        null::text as reject_reason
    from discounts
    inner join discount_lines on discounts.discount_key = discount_lines.discount_key
    left join taxes on discount_lines._sonar_key = 'tax:' || taxes._sonar_key
)

select * from final
