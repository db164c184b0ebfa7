with messages as (
    select *
    from {{ ref('int_tickets__messages') }}
    where reject_reason is null and exclude_rule is null
),

copies as (
    select
        message_key,
        string_agg(address, ', ' order by sonar_ticket_recipient_id) as addresses
    from {{ ref('int_tickets__recipients') }}
    where reject_reason is null and exclude_rule is null
    group by message_key
),

message_ids as (
    {{ planned_ids('ticket_messages') }}
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

final as (
    select
        messages._sonar_key,
        message_ids.planned_id as id,
        ticket_ids.planned_id as ticket_id,
        customer_ids.planned_id as customer_id,
        sender_ids.planned_id as incoming_customer_id,
        admin_ids.planned_id as admin_id,
        null::bigint as api_id,
        messages.author_type::varchar as author_type,
        messages.source::varchar as source,
        {{ local_date('messages.created_at') }} as "date",
        {{ local_time('messages.created_at') }}::time as "time",
        convert_to(messages.message, 'UTF8') as message,
        case when messages.is_note then 'note' else 'message' end::varchar as message_type,
        null::text as mail_to,
        copies.addresses::text as mail_cc,
        null::text as mail_bcc,
        case when messages.is_note then '1' else '0' end::varchar as hide_for_customer,
        {{ local_time('messages.created_at') }} as updated_at
    from messages
    left join copies on messages._sonar_key = copies.message_key
    left join message_ids on messages._sonar_key = message_ids._sonar_key
    left join ticket_ids on messages.ticket_key = ticket_ids._sonar_key
    left join customer_ids
        on messages.customer_key = customer_ids._sonar_key and messages.author = 'customer'
    left join sender_ids on 'sender:' || md5(messages.sender_email) = sender_ids._sonar_key
    left join admin_ids on messages.admin_key = admin_ids._sonar_key
)

select * from final
