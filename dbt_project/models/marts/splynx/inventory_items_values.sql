with field_values as (
    select *
    from {{ ref('int_inventory__items_values') }}
    where reject_reason is null and exclude_rule is null
),

item_ids as (
    {{ planned_ids('inventory_items') }}
),

final as (
    select
        field_values._sonar_key,
        item_ids.planned_id as id,
        field_values.name::varchar as name,
        field_values.value::text as value
    from field_values
    left join item_ids on field_values.item_key = item_ids._sonar_key
)

select * from final
