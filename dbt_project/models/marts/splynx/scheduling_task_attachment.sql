with links as (
    select *
    from {{ ref('int_field__job_files') }}
    where exclude_rule is null and reject_reason is null
),

owner_ids as (
    {{ planned_ids('scheduling_task') }}
),

file_ids as (
    {{ planned_ids('files_upload') }}
),

final as (
    select
        links._sonar_key,
        owner_ids.planned_id as task_id,
        file_ids.planned_id as file_id
    from links
    left join owner_ids on links.job_key = owner_ids._sonar_key
    left join file_ids on links._sonar_key = file_ids._sonar_key
)

select * from final
