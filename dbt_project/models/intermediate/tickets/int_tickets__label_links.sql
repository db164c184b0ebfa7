-- The labels of each ticket.
with tickets as (
    select * from {{ ref('int_tickets__screened') }}
),

categories as (
    select *
    from {{ ref('int_tickets__ticket_categories') }}
    where is_label
),

labels as (
    select * from {{ ref('int_tickets__labels') }}
),

final as (
    select distinct
        tickets._sonar_key || ':' || labels.label_key as _sonar_key,
        tickets._sonar_key as ticket_key,
        labels.label_key,
        tickets.exclude_rule,
        case when tickets.reject_reason is not null then 'ticket_rejected' end as reject_reason
    from categories
    inner join tickets on categories.sonar_ticket_id = tickets.sonar_ticket_id
    inner join labels on categories.ticket_category_id = labels.ticket_category_id
)

select * from final
