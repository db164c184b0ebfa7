-- Every source record that goes on and needs an id of its own in the target.
with customers as (
    select * from {{ ref('int_customers__screened') }}
),

tariffs as (
    select * from {{ ref('int_services__tariffs_screened') }}
),

services as (
    select * from {{ ref('int_services__screened') }}
),

final as (
    select
        'customers' as entity,
        _sonar_key,
        sonar_account_id as sonar_id
    from customers
    where reject_reason is null and exclude_rule is null
    union all
    select
        'tariffs_internet' as entity,
        _sonar_key,
        sonar_service_id as sonar_id
    from tariffs
    where reject_reason is null and exclude_rule is null
    union all
    select
        'services_internet' as entity,
        _sonar_key,
        sonar_account_service_id as sonar_id
    from services
    where reject_reason is null and exclude_rule is null
)

select * from final
