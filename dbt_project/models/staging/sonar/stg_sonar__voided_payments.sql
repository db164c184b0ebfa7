select
    _sonar_key,
    (payload->>'id')::bigint as sonar_voided_payment_id,
    (payload->>'payment_id')::bigint as sonar_payment_id,
    (payload->>'amount')::bigint as amount_cents,
    {{ clean_text("payload->>'description'") }} as description,
    {{ clean_text("payload->>'transaction_id'") }} as processor_transaction_id,
    (payload->>'user_id')::bigint as sonar_user_id,
    (payload->>'created_at')::timestamptz as created_at
from {{ source('sonar', 'voided_payments') }}
where _deleted_at is null
