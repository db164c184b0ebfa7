with items as (
    select *
    from {{ ref('int_inventory__items') }}
    where reject_reason is null and exclude_rule is null
),

item_ids as (
    {{ planned_ids('inventory_items') }}
),

product_ids as (
    {{ planned_ids('inventory_products') }}
),

stock_ids as (
    {{ planned_ids('inventory_stocks') }}
),

customer_ids as (
    {{ planned_ids('customers') }}
),

admin_ids as (
    {{ planned_ids('admins') }}
),

final as (
    select
        items._sonar_key,
        item_ids.planned_id as id,
        product_ids.planned_id as product_id,
        items.barcode::varchar as barcode,
        items.serial_number::varchar as serial_number,
        items.item_status::varchar as status,
        items.mark::varchar as mark,
        customer_ids.planned_id as customer_id,
        admin_ids.planned_id as admin_id,
        null::bigint as service_id,
        items.cost_price,
        items.notes,
        stock_ids.planned_id as stock_id,
        '0'::varchar as deleted
    from items
    left join item_ids on items._sonar_key = item_ids._sonar_key
    left join product_ids on items.product_key = product_ids._sonar_key
    left join stock_ids on items.stock_key = stock_ids._sonar_key
    left join customer_ids on items.customer_key = customer_ids._sonar_key
    left join admin_ids on items.admin_key = admin_ids._sonar_key
)

select * from final
