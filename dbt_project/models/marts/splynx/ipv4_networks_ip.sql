with addresses as (
    select *
    from {{ ref('int_network__ipv4_addresses') }}
    where reject_reason is null and exclude_rule is null
),

address_ids as (
    {{ planned_ids('ipv4_networks_ip') }}
),

network_ids as (
    {{ planned_ids('ipv4_networks') }}
),

customer_ids as (
    {{ planned_ids('customers') }}
),

final as (
    select
        addresses._sonar_key,
        address_ids.planned_id as id,
        network_ids.planned_id as ipv4_networks_id,
        addresses.address::varchar as ip,
        {{ var('default_location_id') }}::bigint as location_id,
        addresses.title::varchar as title,
        addresses.comment::varchar as comment,
        case when addresses.is_used then '1' else '0' end::varchar as is_used,
        customer_ids.planned_id as customer_id
    from addresses
    left join address_ids on addresses._sonar_key = address_ids._sonar_key
    left join network_ids on addresses.network_key = network_ids._sonar_key
    left join customer_ids on addresses.customer_key = customer_ids._sonar_key
)

select * from final
