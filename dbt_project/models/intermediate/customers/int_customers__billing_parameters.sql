-- One parameters record per account goes on; Sonar keeps one, so a second one is named (D-037), and
-- one of an account that does not exist is rejected (D-032).
with billing_parameters as (
    select * from {{ ref('stg_sonar__account_billing_parameters') }}
),

accounts as (
    select * from {{ ref('stg_sonar__accounts') }}
),

owned as (
    select
        billing_parameters.*,
        accounts.sonar_account_id as owner_account_id,
        row_number() over (
            partition by accounts.sonar_account_id
            order by billing_parameters.sonar_billing_parameter_id
        ) as place
    from billing_parameters
    left join accounts on billing_parameters.sonar_account_id = accounts.sonar_account_id
),

final as (
    select
        owned._sonar_key,
        owned.sonar_billing_parameter_id,
        owned.owner_account_id as sonar_account_id,
        owned.bill_day,
        owned.due_days,
        owned.grace_days,
        case
            when owned.switches_status_after_delinquency
                then owned.delinquency_days_until_switch
        end as deactivation_days,
        case
            when owned.owner_account_id is not null and owned.place > 1
                then 'secondary_billing_parameters'
        end as exclude_rule,
        case when owned.owner_account_id is null then 'account_missing' end as reject_reason
    from owned
)

select * from final
