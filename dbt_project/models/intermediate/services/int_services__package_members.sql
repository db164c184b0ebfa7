-- Every service of a package with the plan that it is, if it is one that a bundle can hold.
with package_services as (
    select * from {{ ref('stg_sonar__package_services') }}
),

tariffs as (
    select * from {{ ref('int_services__tariffs_screened') }}
),

final as (
    select
        package_services._sonar_key,
        package_services.sonar_package_id,
        package_services.sonar_service_id,
        package_services.quantity,
        tariffs.splynx_table,
        tariffs.price,
        tariffs.merge_rule is not null
        or coalesce(tariffs.exclude_rule = 'credit_without_service', false) as is_credit,
        coalesce(
            tariffs.splynx_table in ('tariffs_internet', 'tariffs_voice', 'tariffs_custom')
            and tariffs.reject_reason is null,
            false
        ) as is_plan
    from package_services
    left join tariffs on package_services.sonar_service_id = tariffs.sonar_service_id
)

select * from final
