select
    _sonar_key,
    (payload->>'id')::bigint as sonar_ticket_recipient_id,
    (payload->>'ticket_id')::bigint as sonar_ticket_id,
    {{ clean_text("payload->>'name'") }} as recipient_name,
    lower({{ clean_text("payload->>'email_address'") }}) as email_address
from {{ source('sonar', 'ticket_recipients') }}
where _deleted_at is null
