select
    _sonar_key,
    (payload->>'id')::bigint as sonar_ticket_comment_id,
    (payload->>'ticket_id')::bigint as sonar_ticket_id,
    (payload->>'user_id')::bigint as sonar_user_id,
    payload->>'body' as body,
    (payload->>'created_at')::timestamptz as created_at
from {{ source('sonar', 'ticket_comments') }}
where _deleted_at is null
