with categories as (
    select *
    from {{ ref('int_inventory__categories') }}
    where reject_reason is null and exclude_rule is null
),

category_ids as (
    {{ planned_ids('inventory_products_categories') }}
),

final as (
    select
        categories._sonar_key,
        category_ids.planned_id as id,
        categories.category_name::varchar as title,
        '0'::varchar as deleted
    from categories
    left join category_ids on categories._sonar_key = category_ids._sonar_key
)

select * from final
