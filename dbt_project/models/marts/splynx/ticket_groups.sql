with ticket_groups as (
    select *
    from {{ ref('int_tickets__groups') }}
    where reject_reason is null and exclude_rule is null
),

group_ids as (
    {{ planned_ids('ticket_groups') }}
),

final as (
    select
        ticket_groups._sonar_key,
        group_ids.planned_id as id,
        ticket_groups.group_name::varchar as title,
        null::text as description
    from ticket_groups
    left join group_ids on ticket_groups._sonar_key = group_ids._sonar_key
)

select * from final
