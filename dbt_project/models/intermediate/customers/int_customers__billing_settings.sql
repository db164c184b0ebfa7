-- What each account's bills follow, in the ranges of Splynx; defaults where Sonar is silent.
with accounts as (
    select * from {{ ref('stg_sonar__accounts') }}
),

billing_parameters as (
    select *
    from {{ ref('int_customers__billing_parameters') }}
    where exclude_rule is null and reject_reason is null
),

final as (
    select
        accounts._sonar_key,
        accounts.sonar_account_id,
        coalesce(
            {{ clamped('billing_parameters.bill_day', 1, 28) }}, {{ var('default_billing_day') }}
        ) as billing_day,
        case
            when billing_parameters.bill_day > 28 then billing_parameters.bill_day
        end as unmatched_bill_day,
        coalesce(
            {{ clamped('billing_parameters.due_days', 1, 28) }}, {{ var('default_due_days') }}
        ) as due_days,
        coalesce(
            {{ clamped('billing_parameters.grace_days', 0, 99) }},
            {{ var('default_blocking_days') }}
        ) as blocking_days,
        coalesce(
            {{ clamped('billing_parameters.deactivation_days', 1, 99) }},
            {{ var('default_deactivation_days') }}
        ) as deactivation_days
    from accounts
    left join billing_parameters
        on accounts.sonar_account_id = billing_parameters.sonar_account_id
)

select * from final
