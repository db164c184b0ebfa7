-- One row per network that goes on, whatever the number of records that are it: where it hangs and
-- what it is used for.
with networks as (
    select *
    from {{ ref('int_network__networks') }}
    where reject_reason is null and exclude_rule is null
),

pools as (
    select distinct network_key
    from {{ ref('int_network__pools') }}
    where reject_reason is null and exclude_rule is null
),

subnets as (
    select distinct on (network_key)
        network_key,
        subnet_type
    from networks
    where collection = 'subnets'
    order by network_key, sonar_subnet_id
),

-- A subnet that is its own supernet hangs nowhere.
hanging as (
    select
        networks._sonar_key as network_key,
        supernets.network_key as parent_key
    from networks
    inner join networks as supernets
        on
            networks.sonar_supernet_id = supernets.sonar_supernet_id
            and supernets.collection = 'supernets'
    where networks.collection = 'subnets' and networks.network_key = networks._sonar_key
),

parents as (
    select distinct parent_key from hanging
),

final as (
    select
        networks._sonar_key,
        networks.collection,
        networks.record_key,
        networks.network_name,
        networks.family,
        networks.cidr,
        networks.address,
        networks.mask,
        hanging.parent_key,
        case
            when subnets.network_key is not null and parents.parent_key is null then 'endnet'
            else 'rootnet'
        end as network_type,
        case
            when pools.network_key is not null then 'pool'
            when subnets.subnet_type in ('ACCOUNT', 'MIXED') then 'static'
            else 'management'
        end as type_of_usage
    from networks
    left join hanging on networks._sonar_key = hanging.network_key
    left join parents on networks._sonar_key = parents.parent_key
    left join subnets on networks._sonar_key = subnets.network_key
    left join pools on networks._sonar_key = pools.network_key
    where networks.network_key = networks._sonar_key
)

select * from final
