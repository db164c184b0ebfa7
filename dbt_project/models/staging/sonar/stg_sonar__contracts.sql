select
    _sonar_key,
    (payload->>'id')::bigint as sonar_contract_id,
    payload->>'sonar_unique_id' as sonar_unique_id,
    (payload->>'account_id')::bigint as sonar_account_id,
    (payload->>'handwritten_signature_id')::bigint as sonar_signature_id,
    {{ clean_text("payload->>'name'") }} as contract_name,
    payload->>'body' as body,
    payload->>'custom_message' as custom_message,
    (payload->>'term_in_months')::bigint as term_in_months,
    (payload->>'expiration_date')::date as expires_on,
    (payload->>'created_at')::timestamptz as created_at,
    (payload->>'updated_at')::timestamptz as updated_at
from {{ source('sonar', 'contracts') }}
where _deleted_at is null
