select
    _sonar_key,
    (payload->>'id')::bigint as sonar_mac_address_id,
    (payload->>'account_id')::bigint as sonar_account_id,
    (payload->>'account_service_id')::bigint as sonar_account_service_id,
    {{ clean_text("payload->>'mac_address'") }} as mac_address
from {{ source('sonar', 'uninventoried_mac_addresses') }}
where _deleted_at is null
