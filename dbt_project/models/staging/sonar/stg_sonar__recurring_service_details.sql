select
    _sonar_key,
    (payload->>'id')::bigint as sonar_recurring_service_detail_id,
    (payload->>'service_id')::bigint as sonar_service_id,
    (payload->>'billing_frequency')::integer as billing_frequency_months
from {{ source('sonar', 'recurring_service_details') }}
where _deleted_at is null
