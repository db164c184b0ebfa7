-- Each kind of job and its project. What is switched off stays behind where no job that goes on is
-- of it.
with job_types as (
    select * from {{ ref('stg_sonar__job_types') }}
),

used as (
    select distinct sonar_job_type_id
    from {{ ref('int_field__job_owners') }}
    where owner_rule is null and owner_reason is null
),

judged as (
    select
        job_types.*,
        case
            when not job_types.is_enabled and used.sonar_job_type_id is null
                then 'job_type_unused'
        end as exclude_rule
    from job_types
    left join used on job_types.sonar_job_type_id = used.sonar_job_type_id
),

final as (
    select
        judged._sonar_key,
        judged.sonar_job_type_id,
        judged.type_name as title,
        judged.is_of_all_companies,
        judged.company_ids,
        judged.exclude_rule,
        case
            when judged.exclude_rule is not null then null
            when judged.type_name is null then 'missing_name'
            when length(judged.type_name) > 250 then 'name_too_long'      -- scheduling_project.title
        end as reject_reason
    from judged
)

select * from final
