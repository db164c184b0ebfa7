-- The internet plans of each package that is a bundle.
with members as (
    select *
    from {{ ref('int_services__package_members') }}
    where splynx_table = 'tariffs_internet'
),

packages as (
    select *
    from {{ ref('int_services__packages') }}
    where exclude_rule is null and reject_reason is null
),

final as (
    select distinct
        packages._sonar_key || ':' || members.sonar_service_id as _sonar_key,
        packages._sonar_key as package_key,
        members.sonar_service_id::text as plan_key,
        null::text as exclude_rule,
        null::text as reject_reason
    from members
    inner join packages on members.sonar_package_id = packages.sonar_package_id
)

select * from final
