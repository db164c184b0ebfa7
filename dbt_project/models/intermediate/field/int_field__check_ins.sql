-- Each stay at a job, as time that somebody worked. A stay without an end lasts until the job was
-- completed, where that was later; else nobody knows how long it was.
with check_ins as (
    select * from {{ ref('stg_sonar__job_check_ins') }}
),

jobs as (
    select * from {{ ref('int_field__jobs') }}
),

admins as (
    select *
    from {{ ref('int_people__users') }}
    where exclude_rule is null and reject_reason is null
),

joined as (
    select
        check_ins.*,
        jobs._sonar_key as job_key,
        jobs.customer_key,
        jobs.exclude_rule as job_rule,
        jobs.reject_reason as job_reason,
        admins._sonar_key as admin_key,
        greatest(
            coalesce(check_ins.checked_out_at, jobs.completed_at, check_ins.checked_in_at),
            check_ins.checked_in_at
        ) as stopped_at
    from check_ins
    left join jobs on check_ins.sonar_job_id = jobs.sonar_job_id
    left join admins on check_ins.sonar_user_id = admins.sonar_user_id
),

final as (
    select
        joined._sonar_key,
        joined.sonar_job_check_in_id,
        joined.job_key,
        joined.customer_key,
        joined.admin_key,
        joined.checked_in_at as started_at,
        joined.stopped_at,
        extract(epoch from joined.stopped_at - joined.checked_in_at)::bigint as seconds_spent,
        joined.created_at,
        joined.job_rule as exclude_rule,
        case
            when joined.job_rule is not null then null
            when joined.job_key is null then 'job_missing'
            when joined.job_reason is not null then 'job_rejected'
            when joined.admin_key is null then 'admin_missing'
        end as reject_reason
    from joined
)

select * from final
