select
    _sonar_key,
    (payload->>'id')::bigint as sonar_internal_location_id,
    (payload->>'inventory_location_id')::bigint as sonar_inventory_location_id,
    {{ clean_text("payload->>'name'") }} as location_name
from {{ source('sonar', 'internal_locations') }}
where _deleted_at is null
