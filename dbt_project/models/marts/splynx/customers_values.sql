with customer_values as (
    select *
    from {{ ref('int_customers__values') }}
    where reject_reason is null and exclude_rule is null
),

customer_ids as (
    {{ planned_ids('customers') }}
),

final as (
    select
        customer_values._sonar_key,
        customer_values._customer_key,
        customer_ids.planned_id as id,
        customer_values.name::varchar as name,
        customer_values.value::text as value
    from customer_values
    left join customer_ids on customer_values._customer_key = customer_ids._sonar_key
)

select * from final
