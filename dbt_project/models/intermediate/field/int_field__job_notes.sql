-- Each note on a job, and whether it becomes a comment of its task.
with notes as (
    select * from {{ ref('stg_sonar__notes') }}
    where owner_type = 'Job'
),

jobs as (
    select * from {{ ref('int_field__jobs') }}
),

joined as (
    select
        notes.*,
        jobs._sonar_key as job_key,
        jobs.customer_key,
        jobs.exclude_rule as job_rule,
        jobs.reject_reason as job_reason,
        {{ shown_html('notes.message', 'clean_messages') }} as comment,
        {{ is_not_cleaned('notes.message', 'clean_messages') }} as is_not_cleaned
    from notes
    left join jobs on notes.owner_id = jobs.sonar_job_id
    {{ clean_texts_of('notes.message', 'clean_messages') }}
),

final as (
    select
        joined._sonar_key,
        joined.job_key,
        joined.customer_key,
        joined.sonar_user_id,
        joined.comment,
        coalesce(joined.priority in ('STICKY', 'STICKY_WITH_CONFIRMATION'), false) as is_pinned,
        joined.created_at,
        joined.job_rule as exclude_rule,
        case
            when joined.job_rule is not null then null
            when joined.job_key is null then 'job_missing'
            when joined.job_reason is not null then 'job_rejected'
            when joined.is_not_cleaned then 'text_not_cleaned'
            -- scheduling_task_comment.comment
            when octet_length(joined.comment) > 65535 then 'message_too_long'
        end as reject_reason
    from joined
)

select * from final
