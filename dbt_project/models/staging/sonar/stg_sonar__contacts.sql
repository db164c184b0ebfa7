select
    _sonar_key,
    (payload->>'id')::bigint as sonar_contact_id,
    payload->>'contactable_type' as owner_type,
    (payload->>'contactable_id')::bigint as owner_id,
    {{ clean_text("payload->>'name'") }} as contact_name,
    {{ clean_text("payload->>'role'") }} as contact_role,
    (payload->>'primary')::boolean as is_primary,
    lower({{ clean_text("payload->>'email_address'") }}) as email_address,
    {{ clean_text("payload->>'username'") }} as username,
    payload->>'language' as language,
    (payload->>'created_at')::timestamptz as created_at
from {{ source('sonar', 'contacts') }}
where _deleted_at is null
