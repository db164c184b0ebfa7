select
    _sonar_key,
    (payload->>'id')::bigint as sonar_daily_aggregate_value_id,
    (payload->>'date')::date as aggregate_date,
    payload->>'key' as aggregate_key,
    payload->>'context' as context,
    (payload->>'value')::numeric as aggregate_value,
    (payload->>'created_at')::timestamptz as created_at
from {{ source('sonar', 'daily_aggregate_values') }}
where _deleted_at is null
