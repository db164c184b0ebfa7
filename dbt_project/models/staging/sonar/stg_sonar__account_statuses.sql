select
    _sonar_key,
    (payload->>'id')::bigint as account_status_id,
    {{ clean_text("payload->>'name'") }} as status_name,
    (payload->>'activates_account')::boolean as activates_account
from {{ source('sonar', 'account_statuses') }}
where _deleted_at is null
