select
    _sonar_key,
    (payload->>'id')::bigint as sonar_service_tax_id,
    (payload->>'service_id')::bigint as sonar_service_id,
    (payload->>'tax_id')::bigint as sonar_tax_id,
    (payload->>'exemption_amount')::bigint as exemption_cents
from {{ source('sonar', 'service_taxes') }}
where _deleted_at is null
