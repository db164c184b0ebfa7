select
    _sonar_key,
    (payload->>'id')::bigint as sonar_processor_id,
    payload->>'provider' as provider,
    (payload->>'enabled')::boolean as is_enabled,
    (payload->>'primary')::boolean as is_primary
from {{ source('sonar', 'credit_card_processors') }}
where _deleted_at is null
