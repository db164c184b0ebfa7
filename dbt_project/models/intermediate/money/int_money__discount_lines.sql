-- The transactions that each discount consists of: itself and its taxes, with the stretch of its
-- money that each one is, and what of that is left. A discount pays from its first line on.
with discounts as (
    select *
    from {{ ref('int_money__discounts') }}
    where is_counted
),

taxes as (
    select *
    from {{ ref('int_money__taxes') }}
    where owner = 'discount' and is_counted
),

positions as (
    select
        _sonar_key,
        applied_cents
    from {{ ref('int_money__payer_positions') }}
    where payer_kind = 'discount'
),

lines as (
    select
        discount_key as _sonar_key,
        discount_key,
        0::bigint as place,
        amount_cents
    from discounts
    union all
    select
        'tax:' || taxes._sonar_key as _sonar_key,
        discounts.discount_key,
        taxes.sonar_tax_transaction_id as place,
        taxes.amount_cents
    from taxes
    inner join discounts on taxes.sonar_owner_id = discounts.sonar_discount_id
),

summed as (
    select
        lines._sonar_key,
        lines.discount_key,
        lines.amount_cents,
        row_number() over line_order as pos,
        sum(lines.amount_cents) over line_order as to_cents
    from lines
    window line_order as (partition by lines.discount_key order by lines.place)
),

final as (
    select
        summed._sonar_key,
        summed.discount_key,
        summed.pos,
        summed.amount_cents,
        (summed.to_cents - summed.amount_cents)::bigint as from_cents,
        summed.to_cents::bigint as to_cents,
        least(
            summed.amount_cents, greatest(summed.to_cents - positions.applied_cents, 0)
        )::bigint as unapplied_cents
    from summed
    inner join positions on summed.discount_key = positions._sonar_key
)

select * from final
