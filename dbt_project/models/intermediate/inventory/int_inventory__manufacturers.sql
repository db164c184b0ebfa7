-- Each manufacturer with its vendor: one that the target has, one that another makes, or its own.
with manufacturers as (
    select * from {{ ref('stg_sonar__manufacturers') }}
),

target_vendors as (
    select
        value,
        id
    from {{ ref('int_crosswalk__taken_keys') }}
    where entity = 'inventory_vendors' and column_name = 'name'
),

joined as (
    select
        manufacturers.*,
        target_vendors.id as matched_id,
        first_value(manufacturers._sonar_key) over (
            partition by lower(manufacturers.manufacturer_name)
            order by manufacturers.sonar_manufacturer_id
        ) as first_key
    from manufacturers
    left join target_vendors on lower(manufacturers.manufacturer_name) = target_vendors.value
),

final as (
    select
        joined._sonar_key,
        joined.sonar_manufacturer_id,
        joined.manufacturer_name,
        joined.matched_id,
        joined.first_key as vendor_key,
        case
            when joined.matched_id is not null then 'vendor_exists'
            when joined.manufacturer_name is null or length(joined.manufacturer_name) > 128
                then null
            when joined.first_key <> joined._sonar_key then 'same_name'
        end as merge_rule,
        null::text as exclude_rule,
        case
            when joined.manufacturer_name is null then 'missing_name'
            when length(joined.manufacturer_name) > 128     -- inventory_vendors.name
                then 'name_too_long'
        end as reject_reason
    from joined
)

select * from final
