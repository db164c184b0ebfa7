select
    _sonar_key,
    (payload->>'id')::bigint as sonar_expiring_service_detail_id,
    (payload->>'service_id')::bigint as sonar_service_id,
    (payload->>'billing_frequency')::integer as billing_frequency_months,
    (payload->>'times_to_run')::integer as times_to_run
from {{ source('sonar', 'expiring_service_details') }}
where _deleted_at is null
