select
    _sonar_key,
    (payload->>'id')::bigint as sonar_custom_field_id,
    payload->>'entity_type' as owner_type,
    {{ clean_text("payload->>'name'") }} as field_name,
    payload->>'type' as field_type,
    case
        when jsonb_typeof(payload->'enum_options') = 'array' then payload->'enum_options'
        else '[]'::jsonb
    end as enum_options
from {{ source('sonar', 'custom_fields') }}
where _deleted_at is null
