select
    _sonar_key,
    (payload->>'id')::bigint as sonar_bank_account_id,
    (payload->>'account_id')::bigint as sonar_account_id,
    (payload->>'bank_account_processor_id')::bigint as sonar_processor_id,
    (payload->>'auto')::boolean as is_auto,
    payload->>'bank_account_type' as bank_account_type,
    {{ clean_text("payload->>'masked_account_number'") }} as masked_number,
    {{ clean_text("payload->>'name_on_account'") }} as name_on_account,
    {{ clean_text("payload->>'token'") }} as token,
    {{ clean_text("payload->>'customer_profile_id'") }} as customer_profile_id,
    (payload->>'created_at')::timestamptz as created_at,
    (payload->>'updated_at')::timestamptz as updated_at
from {{ source('sonar', 'bank_accounts') }}
where _deleted_at is null
