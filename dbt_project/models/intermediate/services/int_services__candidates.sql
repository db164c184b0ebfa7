-- What needs an id in the tables of plans and services. "default" is the tax of plans without one.
with final as (
    select
        'tax' as entity,
        'default' as _sonar_key,
        null::bigint as sonar_id,
        {{ var('default_tax_id') }}::bigint as matched_id
    where {{ var('default_tax_id') }} <> 0
    union all
    select
        'tax' as entity,
        _sonar_key,
        sonar_tax_id as sonar_id,
        matched_id
    from {{ ref('int_services__taxes') }}
    where exclude_rule is null and reject_reason is null and tax_key = _sonar_key
    union all
    select
        'tariffs_internet' as entity,
        _sonar_key,
        sonar_service_id as sonar_id,
        null::bigint as matched_id
    from {{ ref('int_services__internet_plans') }}
    where exclude_rule is null and reject_reason is null
    union all
    select
        'tariffs_voice' as entity,
        _sonar_key,
        sonar_service_id as sonar_id,
        null::bigint as matched_id
    from {{ ref('int_services__voice_plans') }}
    where exclude_rule is null and reject_reason is null
    union all
    select
        'tariffs_custom' as entity,
        _sonar_key,
        sonar_service_id as sonar_id,
        null::bigint as matched_id
    from {{ ref('int_services__custom_plans') }}
    where exclude_rule is null and reject_reason is null
    union all
    select
        'tariffs_one_time' as entity,
        _sonar_key,
        sonar_service_id as sonar_id,
        null::bigint as matched_id
    from {{ ref('int_services__one_time_plans') }}
    where exclude_rule is null and reject_reason is null
    union all
    select
        'bundle' as entity,
        _sonar_key,
        sonar_package_id as sonar_id,
        null::bigint as matched_id
    from {{ ref('int_services__packages') }}
    where exclude_rule is null and reject_reason is null
    union all
    select
        'services_internet' as entity,
        _sonar_key,
        sonar_account_service_id as sonar_id,
        null::bigint as matched_id
    from {{ ref('int_services__internet') }}
    where exclude_rule is null and reject_reason is null
    union all
    select
        'services_voice' as entity,
        _sonar_key,
        sonar_account_service_id as sonar_id,
        null::bigint as matched_id
    from {{ ref('int_services__voice') }}
    where exclude_rule is null and reject_reason is null
    union all
    select
        'services_custom' as entity,
        _sonar_key,
        sonar_account_service_id as sonar_id,
        null::bigint as matched_id
    from {{ ref('int_services__custom') }}
    where exclude_rule is null and reject_reason is null
    union all
    select
        'services_bundle' as entity,
        _sonar_key,
        null::bigint as sonar_id,
        null::bigint as matched_id
    from {{ ref('int_services__bundles') }}
    where exclude_rule is null and reject_reason is null
)

select * from final
