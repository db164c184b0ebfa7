-- The task that each ticket names.
with jobs as (
    select *
    from {{ ref('int_field__jobs') }}
    where exclude_rule is null and reject_reason is null and sonar_ticket_id is not null
),

final as (
    select
        jobs.sonar_ticket_id::text as ticket_key,
        jobs.sonar_ticket_id,
        jobs._sonar_key as job_key
    from jobs
)

select * from final
