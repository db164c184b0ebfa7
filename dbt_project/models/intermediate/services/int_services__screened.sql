-- Every service of an account with the table that it goes into, what its row will hold, and what
-- keeps it back. What fits of the credits is decided after this (int_services__credits).
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

billing_terms as (
    select * from {{ ref('int_services__billing_terms') }}
),

lines as (
    select
        account_service_key,
        sum(cents) as cents
    from {{ ref('int_services__voice_lines') }}
    where exclude_rule is null and reject_reason is null
    group by account_service_key
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
        account_services.package_id,
        account_services.package_sale_key,
        account_services.quantity,
        account_services.sonar_account_id::text
        || '-' || account_services.sonar_account_service_id as login,
        coalesce(account_services.name_override, services.service_name) as description,
        coalesce(account_services.price_override_cents, services.amount_cents)
        + case
            when tariffs.splynx_table = 'tariffs_voice' then coalesce(lines.cents, 0) else 0
        end as unit_cents,
        case
            when customers.splynx_status in ('active', 'blocked') then 'active' else 'stopped'
        end as service_status,
        customers.splynx_status as customer_status,
        customers._sonar_key as customer_key,
        customers.exclude_rule as customer_rule,
        customers.reject_reason as customer_reason,
        services._sonar_key as service_key,
        services.service_type,
        case
            when tariffs.splynx_table <> 'tariffs_one_time'
                then replace(tariffs.splynx_table, 'tariffs', 'services')
        end as splynx_table,
        tariffs.merge_rule,
        case
            when tariffs.splynx_table = 'tariffs_one_time' then 'one_time_charge'
            when tariffs.exclude_rule = 'credit_without_service' then 'one_time_credit'
            else tariffs.exclude_rule
        end as tariff_rule,
        tariffs.reject_reason as tariff_reason,
        billing_terms.sonar_next_date,
        billing_terms.sonar_start_date,
        billing_terms.start_date,
        billing_terms.end_date,
        billing_terms.billing_day,
        billing_terms.service_months,
        billing_terms.months,
        billing_terms.times_left,
        billing_terms.is_overdue
    from account_services
    left join services on account_services.sonar_service_id = services.sonar_service_id
    left join tariffs on account_services.sonar_service_id = tariffs.sonar_service_id
    left join customers on account_services.sonar_account_id = customers.sonar_account_id
    left join billing_terms on account_services._sonar_key = billing_terms._sonar_key
    left join lines on account_services._sonar_key = lines.account_service_key
),

-- Splynx multiplies the price by the months of a period; Sonar's price is for all of them.
priced as (
    select
        joined.*,
        round(joined.unit_cents * 0.01 / joined.service_months, 4) as unit_price
    from joined
),

judged as (
    select
        priced.*,
        case
            when priced.customer_rule is not null then priced.customer_rule
            when priced.customer_key is null or priced.customer_reason is not null then null
            when priced.tariff_rule is not null then priced.tariff_rule
            when priced.tariff_reason is not null then null
            when priced.times_left = 0 then 'expired_service'
        end as exclude_rule
    from priced
),

final as (
    select
        judged._sonar_key,
        judged.customer_key as _customer_key,
        judged.sonar_account_service_id,
        judged.sonar_account_id,
        judged.sonar_service_id,
        judged.package_id,
        judged.package_sale_key,
        judged.service_type,
        judged.splynx_table,
        judged.merge_rule,
        judged.login,
        judged.description,
        judged.quantity,
        judged.unit_cents,
        judged.unit_price,
        judged.sonar_next_date,
        judged.sonar_start_date,
        judged.start_date,
        judged.end_date,
        judged.billing_day,
        judged.service_months,
        judged.months,
        judged.times_left,
        judged.is_overdue,
        judged.customer_status,
        judged.service_status,
        judged.exclude_rule,
        case
            when judged.exclude_rule is not null then null
            when judged.customer_key is null then 'account_missing'
            when judged.customer_reason is not null then 'customer_rejected'
            when judged.service_key is null then 'service_missing'
            when judged.tariff_reason is not null then 'tariff_rejected'
            when judged.unit_price is null then 'missing_price'
            when judged.unit_price < 0 then 'negative_price'
            when
                judged.merge_rule is not null
                and judged.service_type = 'EXPIRING'
                and judged.times_left is null
                then 'missing_times_to_run'
            when judged.merge_rule is not null and judged.service_months > 1
                then 'credit_not_monthly'
            when judged.months not between 1 and 99 then 'billing_period_out_of_range'
            when
                round(judged.unit_price * judged.service_months * judged.quantity, 2)
                <> judged.unit_cents * judged.quantity * 0.01
                then 'price_not_divisible'
            when judged.splynx_table is null then null
            when length(judged.description) > 512 then 'description_too_long'
            when judged.splynx_table = 'services_internet' and taken_keys.value is not null
                then 'login_taken'
        end as reject_reason
    from judged
    left join taken_keys on judged.login = taken_keys.value
)

select * from final
