with bundles as (
    select *
    from {{ ref('int_services__bundles') }}
    where reject_reason is null and exclude_rule is null
),

service_ids as (
    {{ planned_ids('services_bundle') }}
),

customer_ids as (
    {{ planned_ids('customers') }}
),

bundle_ids as (
    {{ planned_ids('bundle') }}
),

final as (
    select
        bundles._sonar_key,
        bundles._customer_key,
        service_ids.planned_id as id,
        null::bigint as parent_id,
        customer_ids.planned_id as customer_id,
        bundle_ids.planned_id as bundle_id,
        bundles.description::varchar as description,
        bundles.unit_price,
        bundles.start_date,
        bundles.end_date,
        0::numeric as activation_fee,
        'create_service'::varchar as get_activation_fee_when,
        null::bigint as activation_fee_transaction_id,
        0::numeric as cancellation_fee,
        0::numeric as prior_cancellation_fee,
        null::bigint as prior_cancellation_fee_transaction_id,
        null::date as discount_start_date,
        null::date as discount_end_date,
        null::varchar as discount_text,
        bundles.service_status::varchar as status,
        bundles.months::varchar as period
    from bundles
    left join service_ids on bundles._sonar_key = service_ids._sonar_key
    left join customer_ids on bundles._customer_key = customer_ids._sonar_key
    left join bundle_ids on bundles.package_key = bundle_ids._sonar_key
)

select * from final
