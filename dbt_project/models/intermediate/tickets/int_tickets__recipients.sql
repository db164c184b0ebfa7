-- Each recipient with the message that carries the address as a copy, the first one of the ticket.
with recipients as (
    select * from {{ ref('stg_sonar__ticket_recipients') }}
),

tickets as (
    select * from {{ ref('int_tickets__screened') }}
),

first_messages as (
    select distinct on (sonar_ticket_id)
        sonar_ticket_id,
        _sonar_key
    from {{ ref('int_tickets__messages') }}
    where exclude_rule is null and reject_reason is null
    order by sonar_ticket_id, created_at, kind, sonar_id
),

joined as (
    select
        recipients.*,
        tickets._sonar_key as ticket_key,
        tickets.customer_key,
        tickets.exclude_rule as ticket_rule,
        tickets.reject_reason as ticket_reason,
        first_messages._sonar_key as message_key,
        concat_ws(
            ' ', recipients.recipient_name, '<' || recipients.email_address || '>'
        ) as address
    from recipients
    left join tickets on recipients.sonar_ticket_id = tickets.sonar_ticket_id
    left join first_messages on recipients.sonar_ticket_id = first_messages.sonar_ticket_id
),

measured as (
    select
        joined.*,
        sum(octet_length(joined.address) + 2) over (
            partition by joined.sonar_ticket_id order by joined.sonar_ticket_recipient_id
        ) as bytes_so_far
    from joined
),

judged as (
    select
        measured.*,
        case
            when measured.ticket_rule is not null then measured.ticket_rule
            when measured.ticket_key is null or measured.ticket_reason is not null then null
            when measured.message_key is null then 'recipient_without_message'
        end as rule
    from measured
),

final as (
    select
        judged._sonar_key,
        judged.sonar_ticket_recipient_id,
        judged.message_key,
        judged.customer_key,
        judged.address,
        judged.rule as exclude_rule,
        case
            when judged.rule is not null then null
            when judged.ticket_key is null then 'ticket_missing'
            when judged.ticket_reason is not null then 'ticket_rejected'
            when judged.bytes_so_far > 65535 then 'recipient_does_not_fit'     -- mail_cc
        end as reject_reason
    from judged
)

select * from final
