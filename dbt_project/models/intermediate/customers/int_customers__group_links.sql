-- The labels of each customer: one for each label that the groups of its account make.
with customers as (
    select * from {{ ref('int_customers__screened') }}
),

accounts as (
    select
        _sonar_key,
        jsonb_array_elements_text(account_group_ids)::bigint as account_group_id
    from {{ ref('stg_sonar__accounts') }}
),

account_groups as (
    select * from {{ ref('int_people__account_groups') }}
),

labels as (
    select
        _sonar_key,
        reject_reason
    from account_groups
),

final as (
    select distinct
        customers._sonar_key || ':' || account_groups.label_key as _sonar_key,
        customers._sonar_key as _customer_key,
        account_groups.label_key,
        customers.exclude_rule,
        case
            when customers.exclude_rule is not null then null
            when customers.reject_reason is not null then 'customer_rejected'
            when labels.reject_reason is not null then 'label_rejected'
        end as reject_reason
    from accounts
    inner join customers on accounts._sonar_key = customers._sonar_key
    inner join account_groups on accounts.account_group_id = account_groups.account_group_id
    left join labels on account_groups.label_key = labels._sonar_key
)

select * from final
