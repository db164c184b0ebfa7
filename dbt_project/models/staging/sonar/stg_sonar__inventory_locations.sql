select
    _sonar_key,
    (payload->>'id')::bigint as sonar_inventory_location_id,
    {{ clean_text("payload->>'name'") }} as location_name
from {{ source('sonar', 'inventory_locations') }}
where _deleted_at is null
