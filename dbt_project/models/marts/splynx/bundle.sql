with packages as (
    select *
    from {{ ref('int_services__packages') }}
    where reject_reason is null and exclude_rule is null
),

bundle_ids as (
    {{ planned_ids('bundle') }}
),

final as (
    select
        packages._sonar_key,
        bundle_ids.planned_id as id,
        packages.title::varchar as title,
        packages.package_name::varchar as service_description,
        packages.price,
        '0'::varchar as with_vat,
        null::bigint as tax_id,
        packages.available_for_services::varchar as available_for_services
    from packages
    left join bundle_ids on packages._sonar_key = bundle_ids._sonar_key
)

select * from final
