select
    _sonar_key,
    (payload->>'id')::bigint as sonar_voice_line_id,
    (payload->>'account_service_id')::bigint as sonar_account_service_id,
    (payload->>'voice_service_generic_parameter_id')::bigint as sonar_voice_parameter_id,
    (payload->>'quantity')::integer as quantity,
    (payload->>'price_override')::bigint as price_override_cents
from {{ source('sonar', 'account_voice_service_details') }}
where _deleted_at is null
