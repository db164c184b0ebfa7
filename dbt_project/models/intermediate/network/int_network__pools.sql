-- Each range of addresses with the network that it lies in.
with pools as (
    select * from {{ ref('stg_sonar__ip_pools') }}
),

subnets as (
    select
        _sonar_key,
        sonar_subnet_id,
        network_key,
        family,
        cidr,
        reject_reason
    from {{ ref('int_network__networks') }}
    where collection = 'subnets'
),

final as (
    select
        pools._sonar_key,
        pools.sonar_ip_pool_id,
        pools.sonar_subnet_id,
        pools.pool_name,
        pools.ip_range,
        pools.first_address,
        pools.last_address,
        subnets.network_key,
        subnets.family,
        null::text as exclude_rule,
        case
            when pools.first_address is null or pools.last_address is null then 'not_a_range'
            when array_length(string_to_array(pools.ip_range, '-'), 1) <> 2 then 'not_a_range'
            when pools.ip_range like '%/%' then 'not_a_range'
            when family(pools.first_address) <> family(pools.last_address) then 'not_a_range'
            when pools.first_address > pools.last_address then 'not_a_range'
            when subnets._sonar_key is null then 'subnet_missing'
            when subnets.reject_reason is not null then 'subnet_rejected'
            when
                not pools.first_address <<= subnets.cidr or not pools.last_address <<= subnets.cidr
                then 'pool_outside_subnet'
        end as reject_reason
    from pools
    left join subnets on pools.sonar_subnet_id = subnets.sonar_subnet_id
)

select * from final
