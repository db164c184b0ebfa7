select
    _sonar_key,
    (payload->>'id')::bigint as sonar_network_site_id,
    {{ clean_text("payload->>'name'") }} as site_name,
    {{ clean_text("payload->>'geopoint'") }} as geopoint,
    (payload->>'height_in_meters')::numeric as height_in_meters,
    (payload->>'company_id')::bigint as company_id
from {{ source('sonar', 'network_sites') }}
where _deleted_at is null
