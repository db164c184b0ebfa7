select
    _sonar_key,
    (payload->>'id')::bigint as sonar_transaction_id,
    (payload->>'account_id')::bigint as sonar_account_id,
    payload->>'type' as transaction_type,
    (payload->>'amount')::bigint as amount_cents,
    (payload->>'tax_total')::bigint as tax_cents,
    (payload->>'running_balance')::bigint as running_balance_cents,
    (payload->>'datetime')::timestamptz as booked_at,
    (payload->>'successful')::boolean as is_successful,
    (payload->>'created_at')::timestamptz as created_at
from {{ source('sonar', 'transactions') }}
where _deleted_at is null
