select
    _sonar_key,
    (payload->>'id')::bigint as sonar_note_id,
    payload->>'noteable_type' as owner_type,
    (payload->>'noteable_id')::bigint as owner_id,
    payload->>'message' as message,
    payload->>'priority' as priority,
    (payload->>'user_id')::bigint as sonar_user_id,
    (payload->>'created_at')::timestamptz as created_at
from {{ source('sonar', 'notes') }}
where _deleted_at is null
