-- The addresses of IPv4 networks: each one of a network that is small enough, else those in use.
{% set listed_from = var('rows_from_mask') %}

with endnets as (
    select
        _sonar_key as network_key,
        cidr,
        mask,
        set_masklen(cidr::inet, 32) as first_address
    from {{ ref('int_network__merged') }}
    where family = 4 and network_type = 'endnet'
),

bound as (
    select *
    from {{ ref('int_access__addresses') }}
    where family = 4
),

pools as (
    select *
    from {{ ref('int_network__pools') }}
    where family = 4 and exclude_rule is null and reject_reason is null
),

pool_names as (
    select
        network_key,
        string_agg(coalesce(pool_name, ip_range), ', ' order by sonar_ip_pool_id) as names
    from pools
    group by network_key
),

-- A prefix binds each of its addresses; of one that is wider than any listed network, the first.
-- The narrower binding says whose an address is.
in_use as (
    select distinct on (address) *
    from (
        select
            set_masklen(network(bound.address)::inet, 32) + place as address,
            masklen(bound.address) as mask,
            bound._sonar_key as binding_key,
            bound.customer_key,
            bound.description,
            nullif(concat_ws(': ', bound.holder, bound.reference), '') as remark
        from bound
        cross join
            lateral generate_series(
                0,
                case
                    when masklen(bound.address) >= {{ listed_from }}
                        then (1::bigint << (32 - masklen(bound.address))) - 1
                    else 0
                end
            ) as places (place)
    ) as hosts
    order by address, mask desc, (customer_key is null), binding_key
),

listed as (
    select
        endnets.network_key,
        endnets.first_address + place as address,
        endnets.mask < 31 and place in (0, (1::bigint << (32 - endnets.mask)) - 1) as is_edge
    from endnets
    cross join lateral generate_series(0, (1::bigint << (32 - endnets.mask)) - 1) as places (place)
    where endnets.mask >= {{ listed_from }}
),

in_pools as (
    select distinct
        listed.network_key,
        listed.address
    from listed
    inner join pools
        on
            listed.network_key = pools.network_key
            and listed.address between pools.first_address and pools.last_address
),

joined as (
    select
        listed.network_key,
        listed.address,
        listed.is_edge,
        in_pools.address is not null as is_in_pool,
        in_use.binding_key,
        in_use.customer_key,
        in_use.description,
        in_use.remark,
        bool_or(listed.is_edge and in_use.binding_key is not null) over (
            partition by listed.network_key
        ) as are_edges_usable
    from listed
    left join in_use on listed.address = in_use.address
    left join in_pools
        on listed.network_key = in_pools.network_key and listed.address = in_pools.address
),

usable as (
    select
        joined.*,
        case
            when joined.binding_key is null and not joined.is_in_pool
                then 'Outside the pool ' || pool_names.names
        end as outside_remark
    from joined
    left join pool_names on joined.network_key = pool_names.network_key
    where not joined.is_edge or joined.are_edges_usable
    union all
    select
        endnets.network_key,
        in_use.address,
        in_use.address in (
            endnets.first_address, set_masklen(broadcast(endnets.cidr), 32)
        ) as is_edge,
        null::boolean as is_in_pool,
        in_use.binding_key,
        in_use.customer_key,
        in_use.description,
        in_use.remark,
        null::boolean as are_edges_usable,
        null::text as outside_remark
    from endnets
    inner join in_use on in_use.address <<= endnets.cidr
    where endnets.mask < {{ listed_from }}
),

final as (
    select
        network_key || '|' || host(address) as _sonar_key,
        network_key,
        host(address) as address,
        is_edge,
        binding_key,
        customer_key,
        binding_key is not null or outside_remark is not null as is_used,
        description as whole_title,
        left(description, 128) as title,      -- ipv4_networks_ip.title
        coalesce(remark, outside_remark) as whole_comment,
        left(coalesce(remark, outside_remark), 256) as comment,
        null::text as exclude_rule,
        null::text as reject_reason
    from usable
)

select * from final
