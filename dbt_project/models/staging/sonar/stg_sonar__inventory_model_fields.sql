select
    _sonar_key,
    (payload->>'id')::bigint as sonar_inventory_model_field_id,
    (payload->>'inventory_model_id')::bigint as sonar_inventory_model_id,
    {{ clean_text("payload->>'name'") }} as field_name,
    payload->>'type' as field_type,
    -- as the extraction tells them, which leaves their values out (extract/catalogue/deny.py)
    coalesce(
        payload->>'type' in ('LTEAUTHKEY', 'OPOPC')
        or replace(payload->>'name', ' ', '_')
        ~* 'password|passwd|passphrase|secret|token|credential|community|(api|private|access)_?key',
        false
    ) as is_secret,
    (payload->>'primary')::boolean as is_primary
from {{ source('sonar', 'inventory_model_fields') }}
where _deleted_at is null
