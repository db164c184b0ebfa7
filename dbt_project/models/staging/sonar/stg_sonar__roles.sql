select
    _sonar_key,
    (payload->>'id')::bigint as sonar_role_id,
    {{ clean_text("payload->>'name'") }} as role_name
from {{ source('sonar', 'roles') }}
where _deleted_at is null
