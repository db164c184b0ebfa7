select
    _sonar_key,
    (payload->>'id')::bigint as sonar_billing_parameter_id,
    (payload->>'account_id')::bigint as sonar_account_id,
    (payload->>'bill_day')::integer as bill_day,
    payload->>'bill_day_mode' as bill_day_mode,
    (payload->>'due_days')::integer as due_days,
    (payload->>'grace_days')::integer as grace_days,
    (payload->>'switch_status_after_delinquency')::boolean as switches_status_after_delinquency,
    (payload->>'days_of_delinquency_for_status_switch')::integer as delinquency_days_until_switch,
    payload->>'bill_mode' as bill_mode,
    (payload->>'months_to_bill')::integer as months_to_bill,
    (payload->>'tax_exempt')::boolean as is_tax_exempt
from {{ source('sonar', 'account_billing_parameters') }}
where _deleted_at is null
