with check_ins as (
    select *
    from {{ ref('int_field__check_ins') }}
    where exclude_rule is null and reject_reason is null
),

worklog_ids as (
    {{ planned_ids('scheduling_task_worklog') }}
),

task_ids as (
    {{ planned_ids('scheduling_task') }}
),

admin_ids as (
    {{ planned_ids('admins') }}
),

final as (
    select
        check_ins._sonar_key,
        worklog_ids.planned_id as id,
        task_ids.planned_id as task_id,
        admin_ids.planned_id as user_id,
        {{ local_time('check_ins.created_at') }} as created_at,
        {{ local_time('check_ins.started_at') }} as started_at,
        {{ local_end('check_ins.stopped_at', 'check_ins.started_at') }} as stopped_at,
        '1'::varchar as is_manual,
        check_ins.seconds_spent as time_spent,
        null::text as description
    from check_ins
    left join worklog_ids on check_ins._sonar_key = worklog_ids._sonar_key
    left join task_ids on check_ins.job_key = task_ids._sonar_key
    left join admin_ids on check_ins.admin_key = admin_ids._sonar_key
)

select * from final
