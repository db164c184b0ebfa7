select
    _sonar_key,
    (payload->>'id')::bigint as company_id,
    {{ clean_text("payload->>'name'") }} as company_name,
    (payload->>'default')::boolean as is_default,
    (payload->>'enabled')::boolean as is_enabled
from {{ source('sonar', 'companies') }}
where _deleted_at is null
