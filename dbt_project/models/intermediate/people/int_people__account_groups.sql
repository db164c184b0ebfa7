-- Each group with its label: one that the target has, one that another group makes, or its own.
with account_groups as (
    select * from {{ ref('stg_sonar__account_groups') }}
),

target_labels as (
    select
        value,
        id
    from {{ ref('int_crosswalk__taken_keys') }}
    where entity = 'labels' and column_name = 'module + label'
),

joined as (
    select
        account_groups.*,
        target_labels.id as matched_id,
        first_value(account_groups._sonar_key) over (
            partition by lower(account_groups.group_name) order by account_groups.account_group_id
        ) as first_key
    from account_groups
    left join target_labels
        on 'customers' || chr(31) || lower(account_groups.group_name) = target_labels.value
),

final as (
    select
        joined._sonar_key,
        joined.account_group_id,
        joined.group_name,
        joined.matched_id,
        joined.first_key as label_key,
        case
            when joined.matched_id is not null then 'label_exists'
            when joined.group_name is null then null
            when joined.first_key <> joined._sonar_key then 'same_label'
        end as merge_rule,
        null::text as exclude_rule,
        case
            when joined.group_name is null then 'missing_label'
            when length(joined.group_name) > 64 then 'label_too_long'      -- labels.label
        end as reject_reason
    from joined
)

select * from final
