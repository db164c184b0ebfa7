select
    _sonar_key,
    (payload->>'id')::bigint as sonar_discount_id,
    (payload->>'account_id')::bigint as sonar_account_id,
    (payload->>'debit_id')::bigint as sonar_debit_id,
    (payload->>'service_id')::bigint as sonar_service_id,
    (payload->>'user_id')::bigint as sonar_user_id,
    payload->>'type' as charge_type,
    {{ clean_text("payload->>'service_name'") }} as service_name,
    {{ clean_text("payload->>'description'") }} as description,
    (payload->>'amount')::bigint as amount_cents,
    (payload->>'amount_remaining')::bigint as stated_remaining_cents,
    (payload->>'quantity')::integer as quantity,
    (payload->>'prorated_from')::date as prorated_from,
    (payload->>'prorated_to')::date as prorated_to,
    (payload->>'minutes')::numeric as minutes,
    {{ clean_text("payload->>'general_ledger_code'") }} as general_ledger_code,
    {{ clean_text("payload->>'general_ledger_code_description'") }} as general_ledger_code_description,
    (payload->>'reversed')::boolean as is_reversed,
    (payload->>'reversed_at')::timestamptz as reversed_at,
    (payload->>'created_at')::timestamptz as created_at,
    (payload->>'updated_at')::timestamptz as updated_at
from {{ source('sonar', 'discounts') }}
where _deleted_at is null
