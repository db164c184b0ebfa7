select
    _sonar_key,
    (payload->>'id')::bigint as sonar_voice_parameter_id,
    (payload->>'voice_service_detail_id')::bigint as sonar_voice_service_detail_id,
    {{ clean_text("payload->>'description'") }} as parameter_name,
    (payload->>'price')::bigint as price_cents
from {{ source('sonar', 'voice_service_generic_parameters') }}
where _deleted_at is null
