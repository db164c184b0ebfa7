select
    _sonar_key,
    (payload->>'id')::bigint as sonar_radius_account_id,
    (payload->>'account_id')::bigint as sonar_account_id,
    (payload->>'account_service_id')::bigint as sonar_account_service_id,
    {{ clean_text("payload->>'username'") }} as username,
    (payload->>'updated_at')::timestamptz as updated_at
from {{ source('sonar', 'radius_accounts') }}
where _deleted_at is null
