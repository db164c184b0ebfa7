-- The addresses and prefixes that are in use in IPv6 networks; nobody lists the others.
with endnets as (
    select
        _sonar_key as network_key,
        cidr
    from {{ ref('int_network__merged') }}
    where family = 6 and network_type = 'endnet'
),

bound as (
    select *
    from {{ ref('int_access__addresses') }}
    where family = 6
),

final as (
    select
        endnets.network_key || '|' || abbrev(network(bound.address)::inet) as _sonar_key,
        endnets.network_key,
        host(network(bound.address)) as ip,
        case
            when masklen(bound.address) = 128 then host(bound.address)
            else host(broadcast(bound.address))
        end as ip_end,
        masklen(bound.address) as prefix,
        bound._sonar_key as binding_key,
        bound.customer_key,
        bound.service_key,
        bound.description as whole_title,
        left(bound.description, 128) as title,      -- ipv6_networks_ip.title
        nullif(concat_ws(': ', bound.holder, bound.reference), '') as whole_comment,
        left(nullif(concat_ws(': ', bound.holder, bound.reference), ''), 256) as comment,
        null::text as exclude_rule,
        null::text as reject_reason
    from endnets
    inner join bound on bound.address <<= endnets.cidr
)

select * from final
