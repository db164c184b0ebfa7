-- Splynx creates these rows with a customer; a customer loaded by SQL needs each of them once.
with customers as (
    select id from {{ ref('customers') }}
),

rows_of_customers as (
    select 'customer_info' as table_name, customer_id from {{ ref('customer_info') }}
    union all
    select 'customer_cap' as table_name, customer_id from {{ ref('customer_cap') }}
    union all
    select 'customer_billing' as table_name, customer_id from {{ ref('customer_billing') }}
),

tables as (
    select table_name
    from (values ('customer_info'), ('customer_cap'), ('customer_billing')) as names (table_name)
),

final as (
    select
        customers.id as customer_id,
        tables.table_name
    from customers
    cross join tables
    left join rows_of_customers
        on
            customers.id = rows_of_customers.customer_id
            and tables.table_name = rows_of_customers.table_name
    where rows_of_customers.customer_id is null
)

select * from final
