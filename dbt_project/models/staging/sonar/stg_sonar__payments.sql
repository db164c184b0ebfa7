select
    _sonar_key,
    (payload->>'id')::bigint as sonar_payment_id,
    (payload->>'account_id')::bigint as sonar_account_id,
    (payload->>'credit_card_id')::bigint as sonar_credit_card_id,
    (payload->>'bank_account_id')::bigint as sonar_bank_account_id,
    (payload->>'deposit_slip_id')::bigint as sonar_deposit_slip_id,
    (payload->>'user_id')::bigint as sonar_user_id,
    payload->>'payment_type' as payment_type,
    payload->>'status' as payment_status,
    (payload->>'successful')::boolean as is_successful,
    (payload->>'amount')::bigint as amount_cents,
    (payload->>'amount_remaining')::bigint as stated_remaining_cents,
    (payload->>'fee')::bigint as fee_cents,
    (payload->>'payment_datetime')::timestamptz as paid_at,
    {{ clean_text("payload->>'reference'") }} as reference,
    {{ clean_text("payload->>'transaction_id'") }} as processor_transaction_id,
    {{ clean_text("payload->>'description'") }} as description,
    (payload->>'is_autopay')::boolean as is_autopay,
    (payload->>'created_at')::timestamptz as created_at,
    (payload->>'updated_at')::timestamptz as updated_at
from {{ source('sonar', 'payments') }}
where _deleted_at is null
