with customers as (
    select *
    from {{ ref('int_customers__screened') }}
    where reject_reason is null and exclude_rule is null
),

billing_settings as (
    select * from {{ ref('int_customers__billing_settings') }}
),

deposits as (
    select * from {{ ref('int_money__deposits') }}
),

autopay as (
    select * from {{ ref('int_money__autopay') }}
),

customer_ids as (
    {{ planned_ids('customers') }}
),

final as (
    select
        customers._sonar_key,
        customers._sonar_key as _customer_key,
        customer_ids.planned_id as customer_id,
        '1'::varchar as enabled,
        {{ money('coalesce(deposits.deposit_cents, 0)') }}::numeric(19, 4) as deposit,
        billing_settings.billing_day::bigint as billing_date,
        billing_settings.due_days::bigint as billing_due,
        billing_settings.blocking_days::bigint as blocking_period,
        billing_settings.deactivation_days::bigint as grace_period,
        '{{ var("default_make_invoices") }}'::varchar as make_invoices,
        autopay.splynx_payment_type::bigint as payment_method,
        null::date as request_auto_next,
        customers.mailing_street::varchar as billing_street_1,
        customers.mailing_zip_code::varchar as billing_zip_code,
        customers.mailing_city::varchar as billing_city,
        null::date as blocking_date
    from customers
    left join billing_settings on customers._sonar_key = billing_settings._sonar_key
    left join deposits on customers._sonar_key = deposits._customer_key
    left join autopay on customers.sonar_account_id = autopay.sonar_account_id
    left join customer_ids on customers._sonar_key = customer_ids._sonar_key
)

select * from final
