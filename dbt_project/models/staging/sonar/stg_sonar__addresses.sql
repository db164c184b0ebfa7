select
    _sonar_key,
    (payload->>'id')::bigint as sonar_address_id,
    payload->>'addressable_type' as owner_type,
    (payload->>'addressable_id')::bigint as owner_id,
    payload->>'type' as address_type,
    (payload->>'serviceable')::boolean as is_serviceable,
    {{ clean_text("payload->>'line1'") }} as line_1,
    {{ clean_text("payload->>'line2'") }} as line_2,
    {{ clean_text("payload->>'city'") }} as city,
    payload->>'subdivision' as subdivision,
    {{ clean_text("payload->>'zip'") }} as zip_code,
    payload->>'country' as country,
    nullif(payload->>'latitude', '')::numeric as latitude,
    nullif(payload->>'longitude', '')::numeric as longitude,
    (payload->>'created_at')::timestamptz as created_at
from {{ source('sonar', 'addresses') }}
where _deleted_at is null
