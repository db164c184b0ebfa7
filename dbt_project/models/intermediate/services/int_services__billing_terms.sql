-- When and for how many months each account service is charged next, in Sonar and in Splynx. A
-- service begins in Splynx on the day of its next charge: Splynx charges from the first day on.
with account_services as (
    select * from {{ ref('stg_sonar__account_services') }}
),

accounts as (
    select * from {{ ref('stg_sonar__accounts') }}
),

billing_settings as (
    select * from {{ ref('int_customers__billing_settings') }}
),

parameters_kept as (
    select _sonar_key
    from {{ ref('int_customers__billing_parameters') }}
    where exclude_rule is null and reject_reason is null
),

billing_parameters as (
    select *
    from {{ ref('stg_sonar__account_billing_parameters') }}
    where _sonar_key in (select parameters_kept._sonar_key from parameters_kept)
),

tariffs as (
    select * from {{ ref('int_services__tariffs_screened') }}
),

cutover as (
    select * from {{ ref('int_services__cutover') }}
),

joined as (
    select
        account_services._sonar_key,
        account_services.times_billed,
        coalesce(account_services.next_bill_date, accounts.next_bill_date) as sonar_next_date,
        coalesce(
            account_services.addition_prorate_date,
            {{ local_date('account_services.created_at') }}
        ) as sonar_start_date,
        coalesce(billing_settings.billing_day, {{ var('default_billing_day') }}) as billing_day,
        coalesce(tariffs.months, 1) as service_months,
        coalesce(billing_parameters.months_to_bill, 1) as account_months,
        tariffs.service_type,
        tariffs.times_to_run,
        cutover.cutover_date,
        (
            date_trunc('month', cutover.cutover_date)
            + make_interval(days => coalesce(
                billing_settings.billing_day, {{ var('default_billing_day') }}
            )::integer - 1)
        )::date as day_of_cutover_month
    from account_services
    cross join cutover
    left join accounts on account_services.sonar_account_id = accounts.sonar_account_id
    left join billing_settings
        on account_services.sonar_account_id = billing_settings.sonar_account_id
    left join billing_parameters
        on account_services.sonar_account_id = billing_parameters.sonar_account_id
    left join tariffs on account_services.sonar_service_id = tariffs.sonar_service_id
),

started as (
    select
        joined.*,
        coalesce(
            joined.sonar_next_date,
            case
                when joined.day_of_cutover_month >= joined.cutover_date
                    then joined.day_of_cutover_month
                else (joined.day_of_cutover_month + interval '1 month')::date
            end
        ) as start_date,
        case
            when joined.service_type = 'EXPIRING' and joined.times_to_run is not null
                then greatest(joined.times_to_run - coalesce(joined.times_billed, 0), 0)
        end as times_left
    from joined
),

final as (
    select
        started._sonar_key,
        started.sonar_next_date,
        started.sonar_start_date,
        started.start_date,
        started.billing_day,
        started.service_months,
        case
            when started.service_months > 1 then started.service_months
            else started.account_months
        end as months,
        started.times_left,
        case
            when started.times_left > 0 then
                (
                    started.start_date
                    + make_interval(months => started.times_left * started.service_months)
                )::date - 1
        end as end_date,
        started.sonar_next_date < started.cutover_date as is_overdue
    from started
)

select * from final
