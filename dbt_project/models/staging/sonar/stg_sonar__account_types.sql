select
    _sonar_key,
    (payload->>'id')::bigint as account_type_id,
    {{ clean_text("payload->>'name'") }} as type_name,
    payload->>'type' as type_kind
from {{ source('sonar', 'account_types') }}
where _deleted_at is null
