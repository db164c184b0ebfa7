-- What each account's bills follow, in the ranges of Splynx; defaults where Sonar is silent.
with accounts as (
    select * from {{ ref('stg_sonar__accounts') }}
),

billing_parameters as (
    select *
    from {{ ref('int_customers__billing_parameters') }}
    where exclude_rule is null and reject_reason is null
),

-- An account that is billed on its anniversary has no bill day; its next bill date shows the day.
joined as (
    select
        accounts._sonar_key,
        accounts.sonar_account_id,
        billing_parameters.due_days,
        billing_parameters.grace_days,
        billing_parameters.deactivation_days,
        coalesce(
            billing_parameters.bill_day, extract(day from accounts.next_bill_date)::integer
        ) as bill_day
    from accounts
    left join billing_parameters
        on accounts.sonar_account_id = billing_parameters.sonar_account_id
),

final as (
    select
        _sonar_key,
        sonar_account_id,
        coalesce(
            {{ clamped('bill_day', 1, 28) }}, {{ var('default_billing_day') }}
        ) as billing_day,
        case when bill_day > 28 then bill_day end as unmatched_bill_day,
        coalesce({{ clamped('due_days', 1, 28) }}, {{ var('default_due_days') }}) as due_days,
        coalesce(
            {{ clamped('grace_days', 0, 99) }}, {{ var('default_blocking_days') }}
        ) as blocking_days,
        coalesce(
            {{ clamped('deactivation_days', 1, 99) }}, {{ var('default_deactivation_days') }}
        ) as deactivation_days
    from joined
)

select * from final
