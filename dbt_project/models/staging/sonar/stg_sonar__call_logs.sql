select
    _sonar_key,
    (payload->>'id')::bigint as sonar_call_log_id,
    (payload->>'account_id')::bigint as sonar_account_id,
    {{ clean_text("payload->>'subject'") }} as subject,
    payload->>'body' as body,
    {{ clean_text("payload->>'time_in_seconds'") }} as duration_seconds,
    (payload->>'user_id')::bigint as sonar_user_id,
    (payload->>'created_at')::timestamptz as created_at
from {{ source('sonar', 'call_logs') }}
where _deleted_at is null
