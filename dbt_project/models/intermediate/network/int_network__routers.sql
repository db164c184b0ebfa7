-- Each inline device that becomes a router, or why it does not.
with devices as (
    select * from {{ ref('stg_sonar__inline_devices') }}
),

map_inline_device_types as (
    select * from {{ ref('map_inline_device_types') }}
),

taken_keys as (
    select value
    from {{ ref('int_crosswalk__taken_keys') }}
    where entity = 'routers' and column_name = 'ip'
),

screened as (
    select
        devices._sonar_key,
        devices.sonar_inline_device_id,
        devices.device_name as title,
        map_inline_device_types.nas_type,
        map_inline_device_types.model,
        host(devices.ip_address) as ip,
        case when not devices.is_enabled then 'device_disabled' end as exclude_rule,
        case
            when not devices.is_enabled then null
            when devices.device_name is null then 'missing_name'
            when length(devices.device_name) > 64 then 'name_too_long'      -- routers.title
            when map_inline_device_types.type is null then 'unmapped_device_type'
            when devices.ip_address is null then 'not_an_address'
        end as reject_reason
    from devices
    left join map_inline_device_types
        on devices.device_type = map_inline_device_types.type
),

-- Of several devices with one address the first one has it.
numbered as (
    select
        screened.*,
        row_number() over (
            partition by screened.ip, coalesce(screened.exclude_rule, screened.reject_reason)
            order by screened.sonar_inline_device_id
        ) as place
    from screened
),

final as (
    select
        numbered._sonar_key,
        numbered.sonar_inline_device_id,
        null::bigint as company_id,
        numbered.title,
        numbered.nas_type,
        numbered.model,
        numbered.ip,
        numbered.exclude_rule,
        case
            when numbered.exclude_rule is not null then null
            when numbered.reject_reason is not null then numbered.reject_reason
            when numbered.place > 1 then 'duplicate_router_ip'
            when taken_keys.value is not null then 'router_ip_taken'
        end as reject_reason
    from numbered
    left join taken_keys on numbered.ip = taken_keys.value
)

select * from final
