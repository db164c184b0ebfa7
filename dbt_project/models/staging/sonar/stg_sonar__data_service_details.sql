select
    _sonar_key,
    (payload->>'id')::bigint as sonar_data_service_detail_id,
    (payload->>'service_id')::bigint as sonar_service_id,
    (payload->>'download_speed_kilobits_per_second')::bigint as download_kbps,
    (payload->>'upload_speed_kilobits_per_second')::bigint as upload_kbps,
    (payload->>'billing_frequency')::integer as billing_frequency_months
from {{ source('sonar', 'data_service_details') }}
where _deleted_at is null
