-- What needs an id in the tables of the inventory. Several collections make stocks, so those have
-- new ids; "default" is the stock of what is with people.
with final as (
    select
        'inventory_vendors' as entity,
        _sonar_key,
        sonar_manufacturer_id as sonar_id,
        matched_id
    from {{ ref('int_inventory__manufacturers') }}
    where exclude_rule is null and reject_reason is null and vendor_key = _sonar_key
    union all
    select
        'inventory_suppliers' as entity,
        _sonar_key,
        sonar_vendor_id as sonar_id,
        null::bigint as matched_id
    from {{ ref('int_inventory__suppliers') }}
    where exclude_rule is null and reject_reason is null
    union all
    select
        'inventory_products_categories' as entity,
        _sonar_key,
        sonar_category_id as sonar_id,
        matched_id
    from {{ ref('int_inventory__model_categories') }}
    where exclude_rule is null and reject_reason is null and category_key = _sonar_key
    union all
    select
        'inventory_products' as entity,
        _sonar_key,
        sonar_inventory_model_id as sonar_id,
        null::bigint as matched_id
    from {{ ref('int_inventory__products') }}
    where exclude_rule is null and reject_reason is null
    union all
    select
        'inventory_stocks' as entity,
        'default' as _sonar_key,
        null::bigint as sonar_id,
        {{ var('default_stock_id') }}::bigint as matched_id
    union all
    select
        'inventory_stocks' as entity,
        _sonar_key,
        null::bigint as sonar_id,
        null::bigint as matched_id
    from {{ ref('int_inventory__stocks') }}
    where exclude_rule is null and reject_reason is null
    union all
    select
        'inventory_items' as entity,
        _sonar_key,
        sonar_inventory_item_id as sonar_id,
        null::bigint as matched_id
    from {{ ref('int_inventory__items') }}
    where exclude_rule is null and reject_reason is null
)

select * from final
