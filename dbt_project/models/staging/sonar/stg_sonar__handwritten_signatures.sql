select
    _sonar_key,
    (payload->>'id')::bigint as sonar_signature_id,
    (payload->>'created_at')::timestamptz as signed_at
from {{ source('sonar', 'handwritten_signatures') }}
where _deleted_at is null
