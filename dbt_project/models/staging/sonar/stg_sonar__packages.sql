select
    _sonar_key,
    (payload->>'id')::bigint as sonar_package_id,
    {{ clean_text("payload->>'name'") }} as package_name,
    (payload->>'enabled')::boolean as is_enabled,
    (payload->>'rollup_services')::boolean as is_rolled_up,
    (payload->>'company_id')::bigint as company_id
from {{ source('sonar', 'packages') }}
where _deleted_at is null
