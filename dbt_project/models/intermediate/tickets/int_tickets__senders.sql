-- Who wrote or is written to and is no contact of the ticket's account: one per address, as far as a
-- loaded ticket or message names it. The key is a hash, because keys are shown and addresses are not.
with used as (
    select sender_email as email_address
    from {{ ref('int_tickets__messages') }}
    where sender_email is not null and exclude_rule is null and reject_reason is null
    union
    select sender_email as email_address
    from {{ ref('int_tickets__screened') }}
    where sender_email is not null and exclude_rule is null and reject_reason is null
),

named as (
    select
        author_email as email_address,
        author_name as sender_name,
        1 as kind,
        sonar_ticket_reply_id as sonar_id
    from {{ ref('stg_sonar__ticket_replies') }}
    where is_incoming and author_name is not null
    union all
    select
        email_address,
        recipient_name as sender_name,
        2 as kind,
        sonar_ticket_recipient_id as sonar_id
    from {{ ref('stg_sonar__ticket_recipients') }}
    where recipient_name is not null
),

names as (
    select distinct on (email_address)
        email_address,
        sender_name
    from named
    order by email_address, kind, sonar_id
),

final as (
    select
        'sender:' || md5(used.email_address) as _sonar_key,
        used.email_address,
        -- incoming_customer.name
        left(coalesce(names.sender_name, used.email_address), 256) as sender_name,
        null::text as exclude_rule,
        null::text as reject_reason
    from used
    left join names on used.email_address = names.email_address
)

select * from final
