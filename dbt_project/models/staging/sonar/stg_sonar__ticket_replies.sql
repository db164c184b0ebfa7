select
    _sonar_key,
    (payload->>'id')::bigint as sonar_ticket_reply_id,
    (payload->>'ticket_id')::bigint as sonar_ticket_id,
    (payload->>'user_id')::bigint as sonar_user_id,
    (payload->>'incoming')::boolean as is_incoming,
    {{ clean_text("payload->>'author'") }} as author_name,
    lower({{ clean_text("payload->>'author_email'") }}) as author_email,
    payload->>'body' as body,
    (payload->>'created_at')::timestamptz as created_at
from {{ source('sonar', 'ticket_replies') }}
where _deleted_at is null
