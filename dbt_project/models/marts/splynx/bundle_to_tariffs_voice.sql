with links as (
    select *
    from {{ ref('int_services__bundle_voice_plans') }}
    where reject_reason is null and exclude_rule is null
),

bundle_ids as (
    {{ planned_ids('bundle') }}
),

tariff_ids as (
    {{ planned_ids('tariffs_voice') }}
),

final as (
    select
        links._sonar_key,
        bundle_ids.planned_id as bundle_id,
        tariff_ids.planned_id as tariff_id
    from links
    left join bundle_ids on links.package_key = bundle_ids._sonar_key
    left join tariff_ids on links.plan_key = tariff_ids._sonar_key
)

select * from final
