with links as (
    select *
    from {{ ref('int_network__sites_partners') }}
    where reject_reason is null and exclude_rule is null
),

owner_ids as (
    {{ planned_ids('network_sites') }}
),

partner_ids as (
    {{ planned_ids('partners') }}
),

final as (
    select
        links._sonar_key,
        owner_ids.planned_id as network_site_id,
        partner_ids.planned_id as partner_id
    from links
    left join owner_ids on links.plan_key = owner_ids._sonar_key
    left join partner_ids on links.side = partner_ids._sonar_key
)

select * from final
