-- No address and no prefix is given to two services, in whatever column: Splynx would serve both.
with services as (
    select * from {{ ref('services_internet') }}
),

addresses as (
    select
        services._sonar_key,
        single.address::inet as address
    from services
    cross join lateral unnest(
        array[services.ipv4, services.ipv6, services.ipv6_delegated]
        || string_to_array(services.ipv4_route, ',')
    ) as single (address)
    where single.address <> ''
),

final as (
    select
        address,
        string_agg(_sonar_key, ', ' order by _sonar_key) as _sonar_key,
        count(*) as times
    from addresses
    group by address
    having count(*) > 1
)

select * from final
