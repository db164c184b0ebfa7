with tickets as (
    select *
    from {{ ref('int_tickets__screened') }}
    where reject_reason is null and exclude_rule is null
),

ticket_ids as (
    {{ planned_ids('ticket') }}
),

customer_ids as (
    {{ planned_ids('customers') }}
),

sender_ids as (
    {{ planned_ids('incoming_customer') }}
),

admin_ids as (
    {{ planned_ids('admins') }}
),

group_ids as (
    {{ planned_ids('ticket_groups') }}
),

type_ids as (
    {{ planned_ids('ticket_types') }}
),

jobs as (
    select * from {{ ref('int_field__ticket_jobs') }}
),

task_ids as (
    {{ planned_ids('scheduling_task') }}
),

final as (
    select
        tickets._sonar_key,
        ticket_ids.planned_id as id,
        case when tickets.is_from_contact then customer_ids.planned_id end as reporter_id,
        case when tickets.is_from_contact then 'customer' else 'none' end::varchar
            as reporter_type,
        'administration'::varchar as source,
        customer_ids.planned_id as customer_id,
        sender_ids.planned_id as incoming_customer_id,
        '0'::varchar as hidden,
        admin_ids.planned_id as assign_to,
        group_ids.planned_id as group_id,
        tickets.status_id::bigint as status_id,
        type_ids.planned_id as type_id,
        task_ids.planned_id as task_id,
        tickets.subject::varchar as subject,
        tickets.splynx_priority::varchar as priority,
        '0'::varchar as unread_by_customer,
        '0'::varchar as unread_by_admin,
        case when tickets.is_closed then '1' else '0' end::varchar as closed,
        {{ local_time('tickets.created_at') }} as created_at,
        {{ local_time('tickets.updated_at') }} as updated_at,
        tickets.note::text as note
    from tickets
    left join ticket_ids on tickets._sonar_key = ticket_ids._sonar_key
    left join customer_ids on tickets.customer_key = customer_ids._sonar_key
    left join sender_ids on 'sender:' || md5(tickets.sender_email) = sender_ids._sonar_key
    left join admin_ids on tickets.assignee_key = admin_ids._sonar_key
    left join group_ids on tickets.group_key = group_ids._sonar_key
    left join type_ids on tickets.type_key = type_ids._sonar_key
    left join jobs on tickets._sonar_key = jobs.ticket_key
    left join task_ids on jobs.job_key = task_ids._sonar_key
)

select * from final
