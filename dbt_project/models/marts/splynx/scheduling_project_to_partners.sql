with links as (
    select *
    from {{ ref('int_field__project_partners') }}
    where reject_reason is null and exclude_rule is null
),

project_ids as (
    {{ planned_ids('scheduling_project') }}
),

partner_ids as (
    {{ planned_ids('partners') }}
),

final as (
    select
        links._sonar_key,
        project_ids.planned_id as project_id,
        partner_ids.planned_id as partner_id
    from links
    left join project_ids on links.job_type_key = project_ids._sonar_key
    left join partner_ids on links.partner_key = partner_ids._sonar_key
)

select * from final
