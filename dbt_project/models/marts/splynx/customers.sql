with customers as (
    select *
    from {{ ref('int_customers__screened') }}
    where reject_reason is null and exclude_rule is null
),

customer_ids as (
    {{ planned_ids('customers') }}
),

partner_ids as (
    {{ planned_ids('partners') }}
),

final as (
    select
        customers._sonar_key,
        customers._sonar_key as _customer_key,
        customer_ids.planned_id as id,
        '{{ var("default_billing_type") }}'::varchar as billing_type,
        partner_ids.planned_id as partner_id,
        {{ var('default_location_id') }}::bigint as location_id,
        parent_ids.planned_id as parent_id,
        'admin'::varchar as added_by,
        {{ var('default_added_by_id') }}::bigint as added_by_id,
        customers.splynx_status::varchar as status,
        customers.login::varchar as login,
        customers.splynx_category::varchar as category,
        null::varchar as password,
        customers.account_name::varchar as name,
        customers.email_address::varchar as email,
        customers.phone::varchar as phone,
        customers.street::varchar as street_1,
        customers.zip_code::varchar as zip_code,
        customers.city::varchar as city,
        customers.gps::varchar as gps,
        customers.customer_since_date as date_add,
        null::timestamp as last_online,
        customers.updated_local_at as last_update,
        null::numeric as daily_prepaid_cost
    from customers
    left join customer_ids on customers._sonar_key = customer_ids._sonar_key
    left join partner_ids on customers.partner_key = partner_ids._sonar_key
    left join customers as parents on customers.parent_account_id = parents.sonar_account_id
    left join customer_ids as parent_ids on parents._sonar_key = parent_ids._sonar_key
)

select * from final
