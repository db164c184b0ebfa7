select
    _sonar_key,
    (payload->>'id')::bigint as sonar_vehicle_id,
    {{ clean_text("payload->>'name'") }} as vehicle_name
from {{ source('sonar', 'vehicles') }}
where _deleted_at is null
