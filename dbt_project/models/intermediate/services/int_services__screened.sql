-- Every service of an account with what its Splynx service will hold, and what keeps it back.
with account_services as (
    select * from {{ ref('stg_sonar__account_services') }}
),

services as (
    select * from {{ ref('stg_sonar__services') }}
),

tariffs as (
    select * from {{ ref('int_services__tariffs_screened') }}
),

customers as (
    select * from {{ ref('int_customers__screened') }}
),

taken_keys as (
    select value
    from {{ ref('int_crosswalk__taken_keys') }}
    where entity = 'services_internet' and column_name = 'login'
),

joined as (
    select
        account_services._sonar_key,
        account_services.sonar_account_service_id,
        account_services.sonar_account_id,
        account_services.sonar_service_id,
        account_services.sonar_account_id::text
        || '-' || account_services.sonar_account_service_id as login,
        coalesce(account_services.name_override, services.service_name) as description,
        account_services.quantity,
        coalesce(
            account_services.price_override_cents, services.amount_cents
        ) * 0.01 as unit_price,
        coalesce(
            account_services.addition_prorate_date,
            {{ local_date('account_services.created_at') }}
        ) as start_date,
        case
            when customers.splynx_status = 'active' then 'active' else 'stopped'
        end as service_status,
        customers._sonar_key as customer_key,
        customers.exclude_rule as customer_rule,
        customers.reject_reason as customer_reason,
        services._sonar_key as service_key,
        tariffs.exclude_rule as tariff_rule,
        tariffs.reject_reason as tariff_reason
    from account_services
    left join services on account_services.sonar_service_id = services.sonar_service_id
    left join tariffs on account_services.sonar_service_id = tariffs.sonar_service_id
    left join customers on account_services.sonar_account_id = customers.sonar_account_id
),

judged as (
    select
        joined.*,
        case
            when joined.customer_rule is not null then joined.customer_rule
            when joined.customer_key is null then null
            when joined.customer_reason is not null then null
            else joined.tariff_rule
        end as exclude_rule
    from joined
),

final as (
    select
        judged._sonar_key,
        judged.customer_key as _customer_key,
        judged.sonar_account_service_id,
        judged.sonar_account_id,
        judged.sonar_service_id,
        judged.login,
        judged.description,
        judged.quantity,
        judged.unit_price,
        judged.start_date,
        judged.service_status,
        judged.exclude_rule,
        case
            when judged.exclude_rule is not null then null
            when judged.customer_key is null then 'account_missing'
            when judged.customer_reason is not null then 'customer_rejected'
            when judged.service_key is null then 'service_missing'
            when judged.tariff_reason is not null then 'tariff_rejected'
            when length(judged.description) > 512 then 'description_too_long'
            when judged.unit_price is null then 'missing_price'
            when taken_keys.value is not null then 'login_taken'
        end as reject_reason
    from judged
    left join taken_keys on judged.login = taken_keys.value
)

select * from final
