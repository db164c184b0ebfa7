-- What needs an id in the tables of tickets. New ids are given in the order of the candidates'
-- ids; those of messages are above all that could be kept, so that they are new, and say the order.
with messages as (
    select
        _sonar_key,
        {{ var('highest_planned_id') }} + row_number() over (
            order by sonar_ticket_id, created_at, kind, sonar_id
        ) as place
    from {{ ref('int_tickets__messages') }}
    where exclude_rule is null and reject_reason is null
),

final as (
    select
        'ticket_groups' as entity,
        _sonar_key,
        ticket_group_id as sonar_id,
        matched_id
    from {{ ref('int_tickets__ticket_groups') }}
    where exclude_rule is null and reject_reason is null and group_key = _sonar_key
    union all
    select
        'ticket_types' as entity,
        'default' as _sonar_key,
        null::bigint as sonar_id,
        {{ var('default_ticket_type_id') }}::bigint as matched_id
    union all
    select
        'ticket_types' as entity,
        _sonar_key,
        ticket_category_id as sonar_id,
        matched_id
    from {{ ref('int_tickets__categories') }}
    where exclude_rule is null and reject_reason is null and type_key = _sonar_key
    union all
    select
        'incoming_customer' as entity,
        _sonar_key,
        null::bigint as sonar_id,
        null::bigint as matched_id
    from {{ ref('int_tickets__senders') }}
    where exclude_rule is null and reject_reason is null
    union all
    select
        'ticket' as entity,
        _sonar_key,
        sonar_ticket_id as sonar_id,
        null::bigint as matched_id
    from {{ ref('int_tickets__screened') }}
    where exclude_rule is null and reject_reason is null
    union all
    select
        'ticket_messages' as entity,
        _sonar_key,
        place as sonar_id,
        null::bigint as matched_id
    from messages
)

select * from final
