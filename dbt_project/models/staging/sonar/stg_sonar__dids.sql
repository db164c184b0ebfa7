select
    _sonar_key,
    (payload->>'id')::bigint as sonar_did_id,
    {{ clean_text("payload->>'number'") }} as number
from {{ source('sonar', 'dids') }}
where _deleted_at is null
