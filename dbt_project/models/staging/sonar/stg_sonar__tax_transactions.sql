select
    _sonar_key,
    (payload->>'id')::bigint as sonar_tax_transaction_id,
    payload->>'taxtransactionable_type' as owner_type,
    (payload->>'taxtransactionable_id')::bigint as sonar_owner_id,
    (payload->>'amount')::bigint as amount_cents,
    (payload->>'amount_taxed')::bigint as amount_taxed_cents,
    {{ clean_text("payload->>'description'") }} as description,
    (payload->>'created_at')::timestamptz as created_at
from {{ source('sonar', 'tax_transactions') }}
where _deleted_at is null
