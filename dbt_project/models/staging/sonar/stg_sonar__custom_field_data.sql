select
    _sonar_key,
    (payload->>'id')::bigint as sonar_custom_field_data_id,
    (payload->>'custom_field_id')::bigint as sonar_custom_field_id,
    payload->>'customfielddataable_type' as owner_type,
    (payload->>'customfielddataable_id')::bigint as owner_id,
    {{ clean_text("payload->>'value'") }} as field_value
from {{ source('sonar', 'custom_field_data') }}
where _deleted_at is null
