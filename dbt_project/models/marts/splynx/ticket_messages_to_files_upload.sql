with links as (
    select *
    from {{ ref('int_field__message_files') }}
    where exclude_rule is null and reject_reason is null
),

owner_ids as (
    {{ planned_ids('ticket_messages') }}
),

file_ids as (
    {{ planned_ids('files_upload') }}
),

final as (
    select
        links._sonar_key,
        owner_ids.planned_id as message_id,
        file_ids.planned_id as file_id
    from links
    left join owner_ids on links.message_key = owner_ids._sonar_key
    left join file_ids on links._sonar_key = file_ids._sonar_key
)

select * from final
