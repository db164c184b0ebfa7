-- An endnet whose addresses are listed has each of them, and `used` counts those in use.
with networks as (
    select * from {{ ref('ipv4_networks') }}
),

addresses as (
    select
        ipv4_networks_id,
        count(*) as listed,
        count(*) filter (where is_used = '1') as in_use
    from {{ ref('ipv4_networks_ip') }}
    group by ipv4_networks_id
),

expected as (
    select
        networks._sonar_key,
        networks.used,
        coalesce(addresses.listed, 0) as listed,
        coalesce(addresses.in_use, 0) as in_use,
        case
            when networks.mask < {{ var('rows_from_mask') }} then coalesce(addresses.in_use, 0)
            when networks.allow_use_network_and_broadcast = '1'
                then power(2, 32 - networks.mask)
            else power(2, 32 - networks.mask) - 2
        end as size
    from networks
    left join addresses on networks.id = addresses.ipv4_networks_id
    where networks.network_type = 'endnet'
),

final as (
    select *
    from expected
    where listed <> size or used <> in_use
)

select * from final
