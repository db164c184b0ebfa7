-- Who else was to do a job: they watch its task.
with jobs as (
    select *
    from {{ ref('int_field__jobs') }}
    where exclude_rule is null and reject_reason is null
),

final as (
    select
        technicians._sonar_key,
        technicians.job_key,
        technicians.admin_key,
        jobs.customer_key,
        null::text as exclude_rule,
        null::text as reject_reason
    from {{ ref('int_field__technicians') }} as technicians
    inner join jobs on technicians.job_key = jobs._sonar_key
    where technicians.place > 1
)

select * from final
