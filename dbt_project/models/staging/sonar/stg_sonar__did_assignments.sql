select
    _sonar_key,
    (payload->>'id')::bigint as sonar_did_assignment_id,
    (payload->>'did_id')::bigint as sonar_did_id,
    (payload->>'account_id')::bigint as sonar_account_id,
    (payload->>'service_id')::bigint as sonar_service_id
from {{ source('sonar', 'did_assignments') }}
where _deleted_at is null
