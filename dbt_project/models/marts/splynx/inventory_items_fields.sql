with fields as (
    select *
    from {{ ref('int_inventory__items_fields') }}
    where reject_reason is null and exclude_rule is null
),

final as (
    select
        fields._sonar_key,
        fields.name::varchar as name,
        'inventory_items'::varchar as module,
        fields.title::varchar as title,
        'string'::varchar as type,
        1::bigint as position,
        null::text as select_values
    from fields
)

select * from final
