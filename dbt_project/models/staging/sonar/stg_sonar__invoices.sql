select
    _sonar_key,
    (payload->>'id')::bigint as sonar_invoice_id,
    (payload->>'account_id')::bigint as sonar_account_id,
    (payload->>'parent_invoice_id')::bigint as parent_sonar_invoice_id,
    (payload->>'date')::date as invoice_date,
    (payload->>'due_date')::date as due_date,
    (payload->>'end_date')::date as end_date,
    (payload->>'number_of_months')::integer as number_of_months,
    (payload->>'total_debits')::bigint as stated_debits_cents,
    (payload->>'total_taxes')::bigint as stated_taxes_cents,
    (payload->>'remaining_due')::bigint as stated_due_cents,
    (payload->>'child_invoice_remaining_due')::bigint as child_invoices_due_cents,
    (payload->>'void')::boolean as is_void,
    (payload->>'voided_at')::timestamptz as voided_at,
    (payload->>'late_fee_only')::boolean as is_late_fee_only,
    (payload->>'delinquent')::boolean as is_delinquent,
    (payload->>'delinquency_date')::date as delinquency_date,
    {{ clean_text("payload->>'message'") }} as message,
    (payload->>'created_at')::timestamptz as created_at,
    (payload->>'updated_at')::timestamptz as updated_at
from {{ source('sonar', 'invoices') }}
where _deleted_at is null
