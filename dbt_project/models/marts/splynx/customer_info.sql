with customers as (
    select *
    from {{ ref('int_customers__screened') }}
    where reject_reason is null and exclude_rule is null
),

customer_ids as (
    {{ planned_ids('customers') }}
),

final as (
    select
        customers._sonar_key,
        customers._sonar_key as _customer_key,
        customer_ids.planned_id as customer_id,
        null::varchar as birthday,
        null::varchar as passport,
        null::varchar as company_id,
        null::varchar as vat_id,
        customers.contact_name::varchar as contact_person
    from customers
    left join customer_ids on customers._sonar_key = customer_ids._sonar_key
)

select * from final
