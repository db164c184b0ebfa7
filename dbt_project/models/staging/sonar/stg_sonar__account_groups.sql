select
    _sonar_key,
    (payload->>'id')::bigint as account_group_id,
    {{ clean_text("payload->>'name'") }} as group_name
from {{ source('sonar', 'account_groups') }}
where _deleted_at is null
