select
    _sonar_key,
    (payload->>'id')::bigint as sonar_package_service_id,
    (payload->>'package_id')::bigint as sonar_package_id,
    (payload->>'service_id')::bigint as sonar_service_id,
    (payload->>'quantity')::integer as quantity
from {{ source('sonar', 'package_services') }}
where _deleted_at is null
