select
    _sonar_key,
    (payload->>'id')::bigint as sonar_task_id,
    payload->>'taskable_type' as owner_type,
    (payload->>'taskable_id')::bigint as owner_id,
    {{ clean_text("payload->>'task'") }} as task,
    (payload->>'complete')::boolean as is_complete,
    (payload->>'list_order')::bigint as list_order,
    (payload->>'created_at')::timestamptz as created_at
from {{ source('sonar', 'tasks') }}
where _deleted_at is null
