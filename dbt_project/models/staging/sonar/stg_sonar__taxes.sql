select
    _sonar_key,
    (payload->>'id')::bigint as sonar_tax_id,
    {{ clean_text("payload->>'name'") }} as tax_name,
    (payload->>'rate')::numeric as rate,
    payload->>'application' as application
from {{ source('sonar', 'taxes') }}
where _deleted_at is null
