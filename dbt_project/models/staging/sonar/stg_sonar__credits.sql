select
    _sonar_key,
    (payload->>'id')::bigint as sonar_credit_id,
    (payload->>'account_id')::bigint as sonar_account_id,
    (payload->>'invoice_id')::bigint as sonar_invoice_id,
    payload->>'creditable_type' as payer_type,
    (payload->>'creditable_id')::bigint as sonar_payer_id,
    (payload->>'amount')::bigint as amount_cents,
    (payload->>'void')::boolean as is_void,
    (payload->>'voided_at')::timestamptz as voided_at,
    (payload->>'created_at')::timestamptz as created_at
from {{ source('sonar', 'credits') }}
where _deleted_at is null
