with services as (
    select *
    from {{ ref('int_services__internet') }}
    where reject_reason is null and exclude_rule is null
),

access as (
    select * from {{ ref('int_access__services') }}
),

service_ids as (
    {{ planned_ids('services_internet') }}
),

customer_ids as (
    {{ planned_ids('customers') }}
),

tariff_ids as (
    {{ planned_ids('tariffs_internet') }}
),

bundle_ids as (
    {{ planned_ids('services_bundle') }}
),

ipv4_ids as (
    {{ planned_ids('ipv4_networks') }}
),

ipv6_ids as (
    {{ planned_ids('ipv6_networks') }}
),

final as (
    select
        services._sonar_key,
        services._customer_key,
        service_ids.planned_id as id,
        null::bigint as parent_id,
        customer_ids.planned_id as customer_id,
        tariff_ids.planned_id as tariff_id,
        bundle_ids.planned_id as bundle_service_id,
        null::bigint as router_id,
        null::bigint as sector_id,
        access.login::varchar as login,
        null::varchar as password,
        access.taking_ipv4::varchar as taking_ipv4,
        access.ipv4::varchar as ipv4,
        access.ipv4_route::varchar as ipv4_route,
        ipv4_ids.planned_id as ipv4_pool_id,
        access.taking_ipv6::varchar as taking_ipv6,
        access.ipv6::varchar as ipv6,
        access.ipv6_delegated::varchar as ipv6_delegated,
        ipv6_ids.planned_id as ipv6_pool_id,
        access.mac::varchar as mac,
        null::varchar as port_id,
        services.description::varchar as description,
        services.quantity,
        null::varchar as unit,
        services.unit_price,
        services.start_date,
        null::date as end_date,
        services.service_status::varchar as status,
        null::varchar as status_new,
        services.has_discount::varchar as discount,
        services.discount_value,
        'fixed'::varchar as discount_type,
        services.discount_start_date,
        services.discount_end_date,
        services.discount_text::varchar as discount_text,
        services.months::varchar as period,
        null::date as old_end_date
    from services
    left join access on services._sonar_key = access._sonar_key
    left join service_ids on services._sonar_key = service_ids._sonar_key
    left join customer_ids on services._customer_key = customer_ids._sonar_key
    left join tariff_ids on services.tariff_key = tariff_ids._sonar_key
    left join bundle_ids on services.bundle_key = bundle_ids._sonar_key
    left join ipv4_ids on access.ipv4_pool_key = ipv4_ids._sonar_key
    left join ipv6_ids on access.ipv6_pool_key = ipv6_ids._sonar_key
)

select * from final
