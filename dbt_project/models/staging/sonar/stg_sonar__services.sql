select
    _sonar_key,
    (payload->>'id')::bigint as sonar_service_id,
    {{ clean_text("payload->>'name'") }} as service_name,
    payload->>'type' as service_type,
    payload->>'application' as application,
    (payload->>'amount')::bigint as amount_cents,
    (payload->>'enabled')::boolean as is_enabled,
    (payload->>'company_id')::bigint as company_id,
    (payload->>'tax_definition_id')::bigint as tax_definition_id
from {{ source('sonar', 'services') }}
where _deleted_at is null
