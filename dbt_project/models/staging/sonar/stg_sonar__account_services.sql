select
    _sonar_key,
    (payload->>'id')::bigint as sonar_account_service_id,
    (payload->>'account_id')::bigint as sonar_account_id,
    (payload->>'service_id')::bigint as sonar_service_id,
    (payload->>'package_id')::bigint as package_id,
    payload->>'unique_package_relationship_id' as package_sale_key,
    (payload->>'quantity')::integer as quantity,
    {{ clean_text("payload->>'name_override'") }} as name_override,
    (payload->>'price_override')::bigint as price_override_cents,
    (payload->>'addition_prorate_date')::date as addition_prorate_date,
    (payload->>'next_bill_date')::date as next_bill_date,
    (payload->>'number_of_times_billed')::integer as times_billed,
    (payload->>'created_at')::timestamptz as created_at,
    (payload->>'updated_at')::timestamptz as updated_at
from {{ source('sonar', 'account_services') }}
where _deleted_at is null
