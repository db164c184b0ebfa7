select
    _sonar_key,
    (payload->>'id')::bigint as sonar_phone_number_id,
    (payload->>'contact_id')::bigint as sonar_contact_id,
    {{ clean_text("payload->>'number'") }} as phone_number,
    {{ clean_text("payload->>'extension'") }} as extension,
    payload->>'country' as country
from {{ source('sonar', 'phone_numbers') }}
where _deleted_at is null
