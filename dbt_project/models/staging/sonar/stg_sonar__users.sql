select
    _sonar_key,
    (payload->>'id')::bigint as sonar_user_id,
    {{ clean_text("payload->>'username'") }} as username,
    {{ clean_text("payload->>'name'") }} as user_name,
    lower({{ clean_text("payload->>'email_address'") }}) as email_address,
    {{ clean_text("payload->>'mobile_number'") }} as mobile_number,
    (payload->>'enabled')::boolean as is_enabled,
    (payload->>'super_admin')::boolean as is_super_admin,
    (payload->>'is_sonar_staff')::boolean as is_sonar_staff,
    (payload->>'role_id')::bigint as sonar_role_id
from {{ source('sonar', 'users') }}
where _deleted_at is null
