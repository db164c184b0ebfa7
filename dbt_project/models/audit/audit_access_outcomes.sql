-- What became of the records by which accounts are known in the network. "Merged" is read from the
-- marts: a login, an address that is not there has no outcome here.
with services as (
    select
        _sonar_key,
        login,
        mac,
        ipv4,
        ipv4_route,
        ipv6,
        ipv6_delegated,
        ipv4_pool_id,
        ipv6_pool_id
    from {{ ref('services_internet') }}
),

used_addresses as (
    select
        'ipv4_networks_ip' as place,
        ip::inet as address
    from {{ ref('ipv4_networks_ip') }}
    where is_used = '1'
    union all
    select
        'ipv6_networks_ip' as place,
        ip::inet as address
    from {{ ref('ipv6_networks_ip') }}
),

loaded_pools as (
    select _sonar_key from {{ ref('ipv4_networks') }}
    union all
    select _sonar_key from {{ ref('ipv6_networks') }}
),

logins as (
    select
        'radius_accounts' as collection,
        logins._sonar_key,
        logins._customer_key,
        logins.exclude_rule,
        logins.reject_reason,
        case when services._sonar_key is not null then 'into_services_internet' end as place
    from {{ ref('int_access__logins') }} as logins
    left join services
        on logins.service_key = services._sonar_key and logins.username = services.login
),

macs as (
    select
        macs.collection,
        macs._sonar_key,
        macs._customer_key,
        macs.exclude_rule,
        macs.reject_reason,
        case when arrived._customer_key is not null then 'into_services_internet' end as place
    from {{ ref('int_access__macs') }} as macs
    left join (
        select distinct
            marts._customer_key,
            unnest(string_to_array(marts.mac, ',')) as mac
        from {{ ref('services_internet') }} as marts
    ) as arrived
        on macs._customer_key = arrived._customer_key and macs.mac = arrived.mac
    where macs.collection = 'uninventoried_mac_addresses'
),

addresses as (
    select
        bound.collection,
        bound._sonar_key,
        bound._customer_key,
        bound.exclude_rule,
        bound.reject_reason,
        case
            when bound.holder <> 'account' then 'into_' || used_addresses.place
            when bound.slot = 'pool' and loaded_pools._sonar_key is not null
                then 'into_services_internet'
            when
                bound.address_text in (
                    services.ipv4, services.ipv6, services.ipv6_delegated
                )
                or bound.address_text = any(string_to_array(services.ipv4_route, ','))
                then 'into_services_internet'
        end as place
    from {{ ref('int_access__bound') }} as bound
    left join services on bound.service_key = services._sonar_key
    left join loaded_pools on bound.pool_key = loaded_pools._sonar_key
    left join used_addresses
        on
            bound.holder <> 'account'
            and network(bound.address) >>= used_addresses.address
            and host(bound.address)::inet = used_addresses.address
),

decided as (
    select * from logins
    union all
    select * from macs
    union all
    select * from addresses
),

outcomes as (
    select
        collection,
        _sonar_key,
        collection as entity,
        case
            when exclude_rule is not null then 'excluded'
            when reject_reason is not null then 'rejected'
            when place is not null then 'merged'
        end as outcome,
        coalesce(exclude_rule, reject_reason, place) as reason,
        _customer_key
    from decided
),

final as (
    select * from outcomes where outcome is not null
    union all
    {{ outcomes_of_code_list(
        'address_lists', 'stg_sonar__address_lists', 'excluded', 'access_policy_not_mapped'
    ) }}
    union all
    {{ outcomes_of_code_list(
        'radius_groups', 'stg_sonar__radius_groups', 'excluded', 'access_policy_not_mapped'
    ) }}
)

select * from final
