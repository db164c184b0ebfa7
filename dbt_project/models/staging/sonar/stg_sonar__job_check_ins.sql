select
    _sonar_key,
    (payload->>'id')::bigint as sonar_job_check_in_id,
    (payload->>'job_id')::bigint as sonar_job_id,
    (payload->>'user_id')::bigint as sonar_user_id,
    (payload->>'check_in_datetime')::timestamptz as checked_in_at,
    (payload->>'check_out_datetime')::timestamptz as checked_out_at,
    (payload->>'created_at')::timestamptz as created_at
from {{ source('sonar', 'job_check_ins') }}
where _deleted_at is null
