select
    _sonar_key,
    (payload->>'id')::bigint as sonar_job_id,
    (payload->>'job_type_id')::bigint as sonar_job_type_id,
    payload->>'jobbable_type' as owner_type,
    (payload->>'jobbable_id')::bigint as owner_id,
    (payload->>'ticket_id')::bigint as sonar_ticket_id,
    (payload->>'scheduled_datetime')::timestamptz as scheduled_at,
    (payload->>'length_in_minutes')::bigint as length_in_minutes,
    (payload->>'complete')::boolean as is_complete,
    (payload->>'completed_successfully')::boolean as is_successful,
    (payload->>'completion_datetime')::timestamptz as completed_at,
    payload->>'completion_notes' as completion_notes,
    {{ clean_text("payload->>'address_on_completion'") }} as address_on_completion,
    coalesce(
        jsonb_path_query_array(payload, '$.users.entities[*].id'), '[]'
    ) as sonar_user_ids,
    (payload->>'created_at')::timestamptz as created_at,
    (payload->>'updated_at')::timestamptz as updated_at
from {{ source('sonar', 'jobs') }}
where _deleted_at is null
