select
    _sonar_key,
    (payload->>'id')::bigint as ticket_group_id,
    {{ clean_text("payload->>'name'") }} as group_name,
    (payload->>'enabled')::boolean as is_enabled
from {{ source('sonar', 'ticket_groups') }}
where _deleted_at is null
