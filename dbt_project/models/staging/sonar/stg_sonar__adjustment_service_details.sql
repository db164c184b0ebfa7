select
    _sonar_key,
    (payload->>'id')::bigint as sonar_adjustment_service_detail_id,
    (payload->>'service_id')::bigint as sonar_service_id
from {{ source('sonar', 'adjustment_service_details') }}
where _deleted_at is null
