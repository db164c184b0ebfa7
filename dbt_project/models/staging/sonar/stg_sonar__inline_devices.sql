select
    _sonar_key,
    (payload->>'id')::bigint as sonar_inline_device_id,
    {{ clean_text("payload->>'name'") }} as device_name,
    payload->>'type' as device_type,
    (payload->>'enabled')::boolean as is_enabled,
    {{ ip_network("payload->>'ip_address'") }} as ip_address
from {{ source('sonar', 'inline_devices') }}
where _deleted_at is null
