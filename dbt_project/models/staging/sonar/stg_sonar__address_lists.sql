select
    _sonar_key,
    (payload->>'id')::bigint as sonar_address_list_id,
    payload->>'account_status' as account_status,
    payload->>'delinquency' as delinquency
from {{ source('sonar', 'address_lists') }}
where _deleted_at is null
