with watchers as (
    select *
    from {{ ref('int_field__watchers') }}
    where exclude_rule is null and reject_reason is null
),

task_ids as (
    {{ planned_ids('scheduling_task') }}
),

admin_ids as (
    {{ planned_ids('admins') }}
),

final as (
    select
        watchers._sonar_key,
        task_ids.planned_id as task_id,
        admin_ids.planned_id as admin_id
    from watchers
    left join task_ids on watchers.job_key = task_ids._sonar_key
    left join admin_ids on watchers.admin_key = admin_ids._sonar_key
)

select * from final
