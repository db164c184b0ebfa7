select
    _sonar_key,
    (payload->>'id')::bigint as sonar_radius_group_id,
    payload->>'account_status' as account_status,
    payload->>'delinquency' as delinquency
from {{ source('sonar', 'radius_groups') }}
where _deleted_at is null
