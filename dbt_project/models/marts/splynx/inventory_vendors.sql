with vendors as (
    select *
    from {{ ref('int_inventory__vendors') }}
    where reject_reason is null and exclude_rule is null
),

vendor_ids as (
    {{ planned_ids('inventory_vendors') }}
),

final as (
    select
        vendors._sonar_key,
        vendor_ids.planned_id as id,
        vendors.manufacturer_name::varchar as name,
        '0'::varchar as deleted
    from vendors
    left join vendor_ids on vendors._sonar_key = vendor_ids._sonar_key
)

select * from final
