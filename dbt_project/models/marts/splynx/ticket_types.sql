with ticket_types as (
    select *
    from {{ ref('int_tickets__types') }}
    where reject_reason is null and exclude_rule is null
),

type_ids as (
    {{ planned_ids('ticket_types') }}
),

final as (
    select
        ticket_types._sonar_key,
        type_ids.planned_id as id,
        ticket_types.category_name::varchar as title,
        null::varchar as background_color
    from ticket_types
    left join type_ids on ticket_types._sonar_key = type_ids._sonar_key
)

select * from final
