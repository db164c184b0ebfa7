-- Every internet service that Sonar serves: charged data services of accounts whose status activates
-- them; and whether Sonar lets them in now.
with policies as (
    select
        account_status,
        delinquency
    from {{ ref('stg_sonar__address_lists') }}
    union all
    select
        account_status,
        delinquency
    from {{ ref('stg_sonar__radius_groups') }}
),

-- Late payers are kept out only where something in the network tells them from the others.
punishes as (
    select count(*) > 0 as holds
    from policies
    where delinquency = 'DELINQUENT' and account_status is distinct from 'INACTIVE'
),

final as (
    select
        account_services._sonar_key,
        accounts._sonar_key as _customer_key,
        accounts.sonar_account_id,
        account_services.sonar_account_service_id,
        services.sonar_service_id,
        statuses.status_name,
        case
            when accounts.is_delinquent and punishes.holds then 'blocked' else 'allowed'
        end as decision_before
    from {{ ref('stg_sonar__account_services') }} as account_services
    inner join {{ ref('stg_sonar__services') }} as services
        on
            account_services.sonar_service_id = services.sonar_service_id
            and services.service_type = 'DATA'
            and services.application = 'DEBIT'
    inner join {{ ref('stg_sonar__accounts') }} as accounts
        on
            account_services.sonar_account_id = accounts.sonar_account_id
            and accounts.archived_at is null
    inner join {{ ref('stg_sonar__account_statuses') }} as statuses
        on
            accounts.account_status_id = statuses.account_status_id
            and statuses.activates_account
    cross join punishes
)

select * from final
