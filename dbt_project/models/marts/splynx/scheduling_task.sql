with jobs as (
    select *
    from {{ ref('int_field__jobs') }}
    where exclude_rule is null and reject_reason is null
),

task_ids as (
    {{ planned_ids('scheduling_task') }}
),

project_ids as (
    {{ planned_ids('scheduling_project') }}
),

partner_ids as (
    {{ planned_ids('partners') }}
),

customer_ids as (
    {{ planned_ids('customers') }}
),

admin_ids as (
    {{ planned_ids('admins') }}
),

final as (
    select
        jobs._sonar_key,
        task_ids.planned_id as id,
        jobs.title::varchar as title,
        jobs.description::text as description,
        partner_ids.planned_id as partner_id,
        project_ids.planned_id as project_id,
        {{ var('default_location_id') }}::bigint as location_id,
        customer_ids.planned_id as related_customer_id,
        {{ local_time('jobs.created_at') }} as created_at,
        {{ local_time('jobs.updated_at') }} as updated_at,
        {{ local_time('jobs.completed_at') }} as resolved_at,
        case
            when jobs.assignee_key is null then 'assigned_to_anyone'
            else 'assigned_to_administrator'
        end::varchar as assigned_to,
        admin_ids.planned_id as assignee,
        case when jobs.assignee_key is not null then {{ local_time('jobs.created_at') }} end
            as assinged_at,
        'priority_medium'::varchar as priority,
        case when jobs.scheduled_at is null then '0' else '1' end::varchar as is_scheduled,
        {{ local_time('jobs.scheduled_at') }} as scheduled_from,
        {{ local_end('jobs.scheduled_until', 'jobs.scheduled_at') }} as scheduled_to,
        null::bigint as checklist_template_id,
        case when jobs.is_complete then '1' else '0' end::varchar as closed,
        case jobs.stage
            when 'done' then {{ var('task_status_done') }}
            when 'in_progress' then {{ var('task_status_in_progress') }}
            else {{ var('task_status_new') }}
        end::bigint as workflow_status_id,
        jobs.address::varchar as address,
        '0'::varchar as notification_enabled
    from jobs
    left join task_ids on jobs._sonar_key = task_ids._sonar_key
    left join project_ids on jobs.job_type_key = project_ids._sonar_key
    left join partner_ids on jobs.partner_key = partner_ids._sonar_key
    left join customer_ids on jobs.customer_key = customer_ids._sonar_key
    left join admin_ids on jobs.assignee_key = admin_ids._sonar_key
)

select * from final
