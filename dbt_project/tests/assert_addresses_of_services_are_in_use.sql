-- Where the address of a service is one of a loaded network, it is marked as this customer's, so that
-- Splynx gives it to nobody else. Of a prefix the first address is looked at; a part of it may be
-- somebody else's.
with services as (
    select
        services._sonar_key,
        services.customer_id,
        btrim(addresses.address)::inet as address
    from {{ ref('services_internet') }} as services
    cross join
        lateral unnest(
            array[services.ipv4] || string_to_array(services.ipv4_route, ',')
        ) as addresses (address)
    where btrim(addresses.address) <> ''
),

networks as (
    select
        id,
        (network || '/' || mask)::inet as network
    from {{ ref('ipv4_networks') }}
    where network_type = 'endnet'
),

ips as (
    select
        ipv4_networks_id,
        ip::inet as address,
        is_used,
        customer_id
    from {{ ref('ipv4_networks_ip') }}
    where is_used = '1'
),

final as (
    select
        services._sonar_key,
        networks.id as ipv4_networks_id
    from services
    inner join networks on services.address <<= networks.network
    left join ips
        on
            networks.id = ips.ipv4_networks_id
            and set_masklen(services.address, 32) = ips.address
    where
        ips.address is null
        or (
            masklen(services.address) = 32
            and ips.customer_id is distinct from services.customer_id
        )
)

select * from final
