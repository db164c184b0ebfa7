-- What every internet service gets: login, addresses, pools and hardware addresses.
with services as (
    select
        _sonar_key,
        sonar_account_id,
        login as generated_login
    from {{ ref('int_services__internet') }}
    where exclude_rule is null and reject_reason is null
),

logins as (
    select
        service_key,
        username
    from {{ ref('int_access__logins') }}
    where exclude_rule is null and reject_reason is null
),

addresses as (
    select
        service_key,
        max(address_text) filter (where slot = 'ipv4') as ipv4,
        string_agg(address_text, ',' order by place) filter (where slot = 'ipv4_route')
            as ipv4_route,
        max(address_text) filter (where slot = 'ipv6') as ipv6,
        max(address_text) filter (where slot = 'ipv6_delegated') as ipv6_delegated,
        (array_agg(pool_key order by place) filter (where slot = 'pool' and address_family = 4))[1]
            as ipv4_pool_key,
        (array_agg(pool_key order by place) filter (where slot = 'pool' and address_family = 6))[1]
            as ipv6_pool_key
    from {{ ref('int_access__bound') }}
    where
        holder = 'account'
        and exclude_rule is null
        and reject_reason is null
        and not is_repeated
    group by service_key
),

macs as (
    select
        service_key,
        string_agg(mac, ',' order by place) as mac
    from {{ ref('int_access__macs') }}
    where exclude_rule is null and reject_reason is null and not is_repeated
    group by service_key
),

final as (
    select
        services._sonar_key,
        services.sonar_account_id,
        coalesce(logins.username, services.generated_login) as login,
        logins.username is not null as has_radius_login,
        case
            when addresses.ipv4 is not null then '1'
            when addresses.ipv4_pool_key is not null then '2'
            else '0'
        end as taking_ipv4,
        addresses.ipv4,
        addresses.ipv4_route,
        case when addresses.ipv4 is null then addresses.ipv4_pool_key end as ipv4_pool_key,
        case
            when coalesce(addresses.ipv6, addresses.ipv6_delegated) is not null then '1'
            when addresses.ipv6_pool_key is not null then '2'
            else '0'
        end as taking_ipv6,
        addresses.ipv6,
        addresses.ipv6_delegated,
        case
            when coalesce(addresses.ipv6, addresses.ipv6_delegated) is null
                then addresses.ipv6_pool_key
        end as ipv6_pool_key,
        macs.mac
    from services
    left join logins on services._sonar_key = logins.service_key
    left join addresses on services._sonar_key = addresses.service_key
    left join macs on services._sonar_key = macs.service_key
)

select * from final
