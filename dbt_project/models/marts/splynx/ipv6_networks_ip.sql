with addresses as (
    select *
    from {{ ref('int_network__ipv6_addresses') }}
    where reject_reason is null and exclude_rule is null
),

address_ids as (
    {{ planned_ids('ipv6_networks_ip') }}
),

network_ids as (
    {{ planned_ids('ipv6_networks') }}
),

customer_ids as (
    {{ planned_ids('customers') }}
),

service_ids as (
    {{ planned_ids('services_internet') }}
),

final as (
    select
        addresses._sonar_key,
        address_ids.planned_id as id,
        network_ids.planned_id as ipv6_networks_id,
        addresses.ip::varchar as ip,
        addresses.ip_end::varchar as ip_end,
        addresses.prefix::bigint as prefix,
        {{ var('default_location_id') }}::bigint as location_id,
        addresses.title::varchar as title,
        addresses.comment::varchar as comment,
        '1'::varchar as is_used,
        customer_ids.planned_id as customer_id,
        service_ids.planned_id as service_id
    from addresses
    left join address_ids on addresses._sonar_key = address_ids._sonar_key
    left join network_ids on addresses.network_key = network_ids._sonar_key
    left join customer_ids on addresses.customer_key = customer_ids._sonar_key
    left join service_ids on addresses.service_key = service_ids._sonar_key
)

select * from final
