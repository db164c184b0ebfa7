-- Whether every internet service that Sonar serves would be served by Splynx: with what it is known,
-- what Sonar decides about it now, and what Splynx would. audit_access_losses says why.
with known as (
    select
        sonar_account_id,
        string_agg(value, ', ' order by value) filter (where kind = 'login') as logins,
        string_agg(value, ', ' order by value) filter (where kind = 'mac') as macs,
        string_agg(distinct value, ', ') filter (where kind = 'address') as addresses
    from {{ ref('audit_sonar_access') }}
    group by sonar_account_id
),

losses as (
    select
        _sonar_key,
        string_agg(reason, ', ' order by place) as reasons,
        (array_agg(decision order by place) filter (where decision <> 'allowed'))[1] as decision
    from {{ ref('audit_access_losses') }}
    group by _sonar_key
),

final as (
    select
        subscribers._sonar_key,
        subscribers._customer_key,
        subscribers.sonar_account_id,
        subscribers.sonar_account_service_id,
        subscribers.status_name as sonar_status,
        subscribers.sonar_service_id as sonar_plan_id,
        known.logins as sonar_logins,
        known.macs as sonar_macs,
        known.addresses as sonar_addresses,
        services.id as service_id,
        services.login,
        services.mac,
        concat_ws(
            ', ',
            services.ipv4,
            services.ipv4_route,
            services.ipv6,
            services.ipv6_delegated
        ) as address,
        services.taking_ipv4,
        services.ipv4_pool_id,
        services.taking_ipv6,
        services.ipv6_pool_id,
        services.tariff_id,
        customers.status as customer_status,
        services.status as service_status,
        subscribers.decision_before,
        case
            when losses.decision is not null then losses.decision
            when customers.status = 'blocked' then 'blocked'
            else 'allowed'
        end as decision_after,
        coalesce(losses.reasons, '') as reasons
    from {{ ref('audit_subscribers') }} as subscribers
    left join known on subscribers.sonar_account_id = known.sonar_account_id
    left join {{ ref('customers') }} as customers
        on subscribers._customer_key = customers._sonar_key
    left join {{ ref('services_internet') }} as services
        on subscribers._sonar_key = services._sonar_key
    left join losses on subscribers._sonar_key = losses._sonar_key
)

select * from final
