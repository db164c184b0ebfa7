-- Each group with its row: one that the target has, one that another group makes, or its own.
with ticket_groups as (
    select * from {{ ref('stg_sonar__ticket_groups') }}
),

used as (
    select distinct ticket_group_id
    from {{ ref('stg_sonar__tickets') }}
    where ticket_group_id is not null
),

target_groups as (
    select
        value,
        id
    from {{ ref('int_crosswalk__taken_keys') }}
    where entity = 'ticket_groups' and column_name = 'title'
),

joined as (
    select
        ticket_groups._sonar_key,
        ticket_groups.ticket_group_id,
        ticket_groups.group_name,
        target_groups.id as matched_id,
        used.ticket_group_id is null and not coalesce(ticket_groups.is_enabled, true) as is_unused
    from ticket_groups
    left join used on ticket_groups.ticket_group_id = used.ticket_group_id
    left join target_groups on lower(ticket_groups.group_name) = target_groups.value
),

named as (
    select
        joined.*,
        first_value(joined._sonar_key) over (
            partition by lower(joined.group_name), joined.is_unused
            order by joined.ticket_group_id
        ) as first_key
    from joined
),

final as (
    select
        named._sonar_key,
        named.ticket_group_id,
        named.group_name,
        named.matched_id,
        named.first_key as group_key,
        case
            when named.is_unused or named.group_name is null then null
            when named.matched_id is not null then 'group_exists'
            when named.first_key <> named._sonar_key then 'same_group'
        end as merge_rule,
        case when named.is_unused then 'group_unused' end as exclude_rule,
        case
            when named.is_unused then null
            when named.group_name is null then 'missing_title'
            when length(named.group_name) > 255 then 'title_too_long'     -- ticket_groups.title
        end as reject_reason
    from named
)

select * from final
