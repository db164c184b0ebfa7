-- Of each ticket, whom its first mail came from, and who else is a sender for a ticket of nobody.
with replies as (
    select * from {{ ref('stg_sonar__ticket_replies') }}
),

recipients as (
    select * from {{ ref('stg_sonar__ticket_recipients') }}
),

first_replies as (
    select distinct on (sonar_ticket_id)
        sonar_ticket_id,
        case when is_incoming and sonar_user_id is null then author_email end as author_email
    from replies
    order by sonar_ticket_id, created_at, sonar_ticket_reply_id
),

-- incoming_customer.email holds 256 characters
senders as (
    select
        sonar_ticket_id,
        author_email as email_address,
        1 as kind,
        created_at,
        sonar_ticket_reply_id as sonar_id
    from replies
    where is_incoming and sonar_user_id is null and length(author_email) <= 256
    union all
    select
        sonar_ticket_id,
        email_address,
        2 as kind,
        null as created_at,
        sonar_ticket_recipient_id as sonar_id
    from recipients
    where length(email_address) <= 256
),

first_senders as (
    select distinct on (sonar_ticket_id)
        sonar_ticket_id,
        email_address
    from senders
    order by sonar_ticket_id, kind, created_at, sonar_id
),

final as (
    select
        coalesce(first_replies.sonar_ticket_id, first_senders.sonar_ticket_id) as sonar_ticket_id,
        first_replies.author_email as first_author_email,
        first_senders.email_address as sender_email
    from first_replies
    full join first_senders on first_replies.sonar_ticket_id = first_senders.sonar_ticket_id
)

select * from final
