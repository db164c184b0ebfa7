with job_types as (
    select *
    from {{ ref('int_field__job_types') }}
    where exclude_rule is null and reject_reason is null
),

project_ids as (
    {{ planned_ids('scheduling_project') }}
),

final as (
    select
        job_types._sonar_key,
        project_ids.planned_id as id,
        job_types.title::varchar as title,
        null::text as description,
        {{ var('project_type_id') }}::bigint as type_id,
        {{ var('project_category_id') }}::bigint as category_id,
        {{ var('project_workflow_id') }}::bigint as workflow_id
    from job_types
    left join project_ids on job_types._sonar_key = project_ids._sonar_key
)

select * from final
