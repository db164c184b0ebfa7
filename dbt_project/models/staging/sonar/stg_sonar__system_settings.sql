select
    _sonar_key,
    payload->>'timezone' as time_zone_code,
    payload->>'currency' as currency
from {{ source('sonar', 'system_setting') }}
where _deleted_at is null
