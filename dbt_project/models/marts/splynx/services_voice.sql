with services as (
    select *
    from {{ ref('int_services__voice') }}
    where reject_reason is null and exclude_rule is null
),

service_ids as (
    {{ planned_ids('services_voice') }}
),

customer_ids as (
    {{ planned_ids('customers') }}
),

tariff_ids as (
    {{ planned_ids('tariffs_voice') }}
),

bundle_ids as (
    {{ planned_ids('services_bundle') }}
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
        null::bigint as voice_device_id,
        'outgoing'::varchar as direction,
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
    left join service_ids on services._sonar_key = service_ids._sonar_key
    left join customer_ids on services._customer_key = customer_ids._sonar_key
    left join tariff_ids on services.tariff_key = tariff_ids._sonar_key
    left join bundle_ids on services.bundle_key = bundle_ids._sonar_key
)

select * from final
