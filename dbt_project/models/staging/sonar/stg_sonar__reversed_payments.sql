select
    _sonar_key,
    (payload->>'id')::bigint as sonar_reversed_payment_id,
    (payload->>'payment_id')::bigint as sonar_payment_id,
    (payload->>'amount')::bigint as amount_cents,
    {{ clean_text("payload->>'description'") }} as description,
    (payload->>'user_id')::bigint as sonar_user_id,
    (payload->>'created_at')::timestamptz as created_at
from {{ source('sonar', 'reversed_payments') }}
where _deleted_at is null
