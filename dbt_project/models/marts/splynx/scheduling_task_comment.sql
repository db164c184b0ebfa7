with comments as (
    select *
    from {{ ref('int_field__comments') }}
    where exclude_rule is null and reject_reason is null
),

comment_ids as (
    {{ planned_ids('scheduling_task_comment') }}
),

task_ids as (
    {{ planned_ids('scheduling_task') }}
),

admin_ids as (
    {{ planned_ids('admins') }}
),

final as (
    select
        comments._sonar_key,
        comment_ids.planned_id as id,
        task_ids.planned_id as task_id,
        admin_ids.planned_id as user_id,
        comments.comment::text as comment,
        {{ local_time('comments.created_at') }} as created_at,
        case when comments.is_pinned then '1' else '0' end::varchar as is_pinned
    from comments
    left join comment_ids on comments._sonar_key = comment_ids._sonar_key
    left join task_ids on comments.job_key = task_ids._sonar_key
    left join admin_ids on comments.author_key = admin_ids._sonar_key
)

select * from final
