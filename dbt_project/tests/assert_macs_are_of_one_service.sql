-- No hardware address is on two services, however it is spelt.
with services as (
    select * from {{ ref('services_internet') }}
),

macs as (
    select
        services._sonar_key,
        lower(single.mac) as mac
    from services
    cross join lateral unnest(string_to_array(services.mac, ',')) as single (mac)
),

final as (
    select
        mac,
        string_agg(_sonar_key, ', ' order by _sonar_key) as _sonar_key,
        count(*) as times
    from macs
    group by mac
    having count(*) > 1 or mac !~ '^([0-9a-f]{2}:){5}[0-9a-f]{2}$'
)

select * from final
