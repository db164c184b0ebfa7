with links as (
    select *
    from {{ ref('int_services__custom_partners') }}
    where reject_reason is null and exclude_rule is null
),

plan_ids as (
    {{ planned_ids('tariffs_custom') }}
),

partner_ids as (
    {{ planned_ids('partners') }}
),

final as (
    select
        links._sonar_key,
        plan_ids.planned_id as tariff_id,
        partner_ids.planned_id as partner_id
    from links
    left join plan_ids on links.plan_key = plan_ids._sonar_key
    left join partner_ids on links.side = partner_ids._sonar_key
)

select * from final
