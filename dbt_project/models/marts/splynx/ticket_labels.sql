with links as (
    select *
    from {{ ref('int_tickets__label_links') }}
    where reject_reason is null and exclude_rule is null
),

ticket_ids as (
    {{ planned_ids('ticket') }}
),

label_ids as (
    {{ planned_ids('labels') }}
),

final as (
    select
        links._sonar_key,
        ticket_ids.planned_id as ticket_id,
        label_ids.planned_id as label_id
    from links
    left join ticket_ids on links.ticket_key = ticket_ids._sonar_key
    left join label_ids on links.label_key = label_ids._sonar_key
)

select * from final
