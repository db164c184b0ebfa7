with uploads as (
    select *
    from {{ ref('int_field__uploads') }}
    where exclude_rule is null and reject_reason is null
),

upload_ids as (
    {{ planned_ids('files_upload') }}
),

final as (
    select
        uploads._sonar_key,
        upload_ids.planned_id as id,
        uploads.public_id::varchar as hash_id,
        case uploads.destination
            when 'message' then 'ticket_attachment'
            else 'scheduling_task_attachment'
        end::varchar as type,
        uploads.file_name::varchar as filename_original,
        null::varchar as filename_uploaded
    from uploads
    left join upload_ids on uploads._sonar_key = upload_ids._sonar_key
)

select * from final
