with devices as (
    select *
    from {{ ref('int_network__monitoring') }}
    where reject_reason is null and exclude_rule is null
),

device_ids as (
    {{ planned_ids('monitoring') }}
),

site_ids as (
    {{ planned_ids('network_sites') }}
),

final as (
    select
        devices._sonar_key,
        device_ids.planned_id as id,
        devices.title::varchar as title,
        site_ids.planned_id as network_site_id,
        {{ var('monitoring_producer_id') }}::bigint as producer,
        devices.model::varchar as model,
        devices.ip::varchar as ip,
        0::bigint as snmp_time,
        0::bigint as snmp_uptime,
        'down'::varchar as snmp_state,
        {{ var('monitoring_type_id') }}::bigint as type,
        {{ var('monitoring_group_id') }}::bigint as monitoring_group,
        {{ var('default_location_id') }}::bigint as location_id,
        null::varchar as address,
        '0'::varchar as active,
        '0'::varchar as send_notifications,
        '0'::varchar as is_ping,
        0::bigint as ping_time,
        'down'::varchar as ping_state
    from devices
    left join device_ids on devices._sonar_key = device_ids._sonar_key
    left join site_ids on devices.site_key = site_ids._sonar_key
)

select * from final
