select
    _sonar_key,
    (payload->>'id')::bigint as inbound_mailbox_id,
    {{ clean_text("payload->>'name'") }} as mailbox_name
from {{ source('sonar', 'inbound_mailboxes') }}
where _deleted_at is null
