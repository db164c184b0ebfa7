with items as (
    select *
    from {{ ref('int_money__items') }}
    where exclude_rule is null and reject_reason is null
),

item_ids as (
    {{ planned_ids('invoices_items') }}
),

invoice_ids as (
    {{ planned_ids('invoices') }}
),

transaction_ids as (
    {{ planned_ids('billing_transactions') }}
),

tax_ids as (
    {{ planned_ids('tax') }}
),

final as (
    select
        items._sonar_key,
        items._customer_key,
        item_ids.planned_id as id,
        invoice_ids.planned_id as invoice_id,
        items.pos::bigint as pos,
        items.description::varchar as description,
        items.quantity::bigint as quantity,
        null::varchar as unit,
        items.unit_price::numeric(19,4) as price,
        items.tax_percent::numeric(6,4) as tax,
        tax_ids.planned_id as tax_id,
        items.period_from,
        items.period_to,
        case
            when not items.is_on_void_invoice then transaction_ids.planned_id
        end as transaction_id,
        case when items.is_on_void_invoice then '1' else '0' end::varchar as deleted
    from items
    left join item_ids on items._sonar_key = item_ids._sonar_key
    left join invoice_ids on items.sonar_invoice_id::text = invoice_ids._sonar_key
    left join transaction_ids on items._sonar_key = transaction_ids._sonar_key
    left join tax_ids on items.tax_key = tax_ids._sonar_key
)

select * from final
