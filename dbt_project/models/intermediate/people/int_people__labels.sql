-- What becomes a row of labels: groups of accounts, and further categories of tickets.
with account_groups as (
    select * from {{ ref('int_people__account_groups') }}
    where merge_rule is null
),

ticket_labels as (
    select * from {{ ref('int_tickets__labels') }}
    where label_key = _sonar_key and matched_id is null
),

final as (
    select
        _sonar_key,
        'customers' as module,
        group_name as label,
        exclude_rule,
        reject_reason
    from account_groups
    union all
    select
        _sonar_key,
        'ticket' as module,
        label,
        null::text as exclude_rule,
        null::text as reject_reason
    from ticket_labels
)

select * from final
