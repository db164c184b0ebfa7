-- Each supernet and subnet as one network. Where several are the same network, the first one stands
-- for all of them.
with networks as (
    select
        'supernet:' || _sonar_key as _sonar_key,
        'supernets' as collection,
        1 as rank,
        _sonar_key as record_key,
        sonar_supernet_id,
        null::bigint as sonar_subnet_id,
        null::text as subnet_type,
        network_name,
        network
    from {{ ref('stg_sonar__supernets') }}
    union all
    select
        'subnet:' || _sonar_key as _sonar_key,
        'subnets' as collection,
        2 as rank,
        _sonar_key as record_key,
        sonar_supernet_id,
        sonar_subnet_id,
        subnet_type,
        network_name,
        network
    from {{ ref('stg_sonar__subnets') }}
),

supernets as (
    select sonar_supernet_id from {{ ref('stg_sonar__supernets') }}
),

taken_keys as (
    select
        entity,
        value
    from {{ ref('int_crosswalk__taken_keys') }}
    where
        (entity, column_name) in (
            ('ipv4_networks', 'network + mask'), ('ipv6_networks', 'network + prefix')
        )
),

normalised as (
    select
        networks.*,
        family(networks.network) as family,
        network(networks.network) as cidr,
        host(network(networks.network)) as address,
        masklen(networks.network) as mask
    from networks
),

screened as (
    select
        normalised.*,
        case
            when normalised.network is null then 'not_a_network'
            when normalised.family = 6 and normalised.mask not between 32 and 64
                then 'prefix_not_supported'
            when normalised.collection = 'subnets' and supernets.sonar_supernet_id is null
                then 'supernet_missing'
            -- A name over 64 goes into the comment: ipv4_networks.comment
            when length(normalised.network_name) > 256 then 'name_too_long'
            when taken_keys.value is not null then 'network_taken'
        end as reject_reason
    from normalised
    left join supernets on normalised.sonar_supernet_id = supernets.sonar_supernet_id
    left join taken_keys
        on
            'ipv' || normalised.family || '_networks' = taken_keys.entity
            and normalised.address || chr(31) || normalised.mask = taken_keys.value
),

placed as (
    select
        screened.*,
        case
            when screened.reject_reason is null
                then first_value(screened._sonar_key) over (
                    partition by screened.cidr, screened.reject_reason is null
                    order by
                        screened.rank,
                        coalesce(screened.sonar_subnet_id, screened.sonar_supernet_id)
                )
        end as network_key
    from screened
),

final as (
    select
        _sonar_key,
        collection,
        record_key,
        sonar_supernet_id,
        sonar_subnet_id,
        subnet_type,
        network_name,
        family,
        cidr,
        address,
        mask,
        network_key,
        case when network_key <> _sonar_key then 'same_network' end as merge_rule,
        null::text as exclude_rule,
        reject_reason
    from placed
)

select * from final
