-- The values of additional fields of customers: those that the tenant added, the Sonar id, and what
-- has no column of its own.
with customers as (
    select * from {{ ref('int_customers__screened') }}
),

billing_settings as (
    select * from {{ ref('int_customers__billing_settings') }}
),

field_values as (
    select *
    from {{ ref('int_customers__field_values') }}
    where exclude_rule is null and reject_reason is null
),

ours as (
    select
        customers._sonar_key as customer_key,
        fields.name,
        fields.value,
        customers.exclude_rule,
        case when customers.reject_reason is not null then 'customer_rejected' end as reject_reason
    from customers
    left join billing_settings on customers._sonar_key = billing_settings._sonar_key
    cross join lateral (values
        ('sonar_id', customers.sonar_account_id::text),
        ('sonar_bill_day', billing_settings.unmatched_bill_day::text),
        ('sonar_other_phones', customers.other_phones)
    ) as fields (name, value)
    where fields.value is not null
),

final as (
    select
        customer_key || ':' || name as _sonar_key,
        customer_key as _customer_key,
        name,
        value,
        exclude_rule,
        reject_reason
    from ours
    union all
    select
        value_key as _sonar_key,
        customer_key as _customer_key,
        name,
        value,
        exclude_rule,
        reject_reason
    from field_values
)

select * from final
