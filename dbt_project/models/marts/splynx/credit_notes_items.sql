with items as (
    select *
    from {{ ref('int_money__credit_note_items') }}
    where exclude_rule is null and reject_reason is null
),

item_ids as (
    {{ planned_ids('credit_notes_items') }}
),

credit_note_ids as (
    {{ planned_ids('credit_notes') }}
),

transaction_ids as (
    {{ planned_ids('billing_transactions') }}
),

final as (
    select
        items._sonar_key,
        items._customer_key,
        item_ids.planned_id as id,
        credit_note_ids.planned_id as credit_note_id,
        items.pos::bigint as pos,
        items.description::varchar as description,
        1::bigint as quantity,
        null::varchar as unit,
        {{ money('items.amount_cents') }}::numeric(19, 4) as price,
        0::numeric(6, 4) as tax,
        null::bigint as tax_id,
        transaction_ids.planned_id as transaction_id
    from items
    left join item_ids on items._sonar_key = item_ids._sonar_key
    left join credit_note_ids on items.credit_note_key = credit_note_ids._sonar_key
    left join transaction_ids on items._sonar_key = transaction_ids._sonar_key
)

select * from final
