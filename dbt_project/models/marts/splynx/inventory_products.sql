with products as (
    select *
    from {{ ref('int_inventory__products') }}
    where reject_reason is null and exclude_rule is null
),

product_ids as (
    {{ planned_ids('inventory_products') }}
),

vendor_ids as (
    {{ planned_ids('inventory_vendors') }}
),

category_ids as (
    {{ planned_ids('inventory_products_categories') }}
),

final as (
    select
        products._sonar_key,
        product_ids.planned_id as id,
        products.product_name::varchar as name,
        vendor_ids.planned_id as vendor_id,
        category_ids.planned_id as category_id,
        0::numeric(19, 4) as rent_price,
        0::numeric(19, 4) as sold_price,
        '0'::varchar as deleted
    from products
    left join product_ids on products._sonar_key = product_ids._sonar_key
    left join vendor_ids on products.vendor_key = vendor_ids._sonar_key
    left join category_ids on products.category_key = category_ids._sonar_key
)

select * from final
