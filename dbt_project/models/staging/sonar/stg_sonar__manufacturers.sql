select
    _sonar_key,
    (payload->>'id')::bigint as sonar_manufacturer_id,
    {{ clean_text("payload->>'name'") }} as manufacturer_name
from {{ source('sonar', 'manufacturers') }}
where _deleted_at is null
