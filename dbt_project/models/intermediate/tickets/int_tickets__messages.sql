-- Everything that becomes a message of a ticket: its description, its mail, the comments of staff and
-- its checklist, each with its author, and the rule or reason that keeps it back.
with tickets as (
    select * from {{ ref('int_tickets__screened') }}
),

replies as (
    select * from {{ ref('stg_sonar__ticket_replies') }}
),

comments as (
    select * from {{ ref('stg_sonar__ticket_comments') }}
),

checklists as (
    select * from {{ ref('int_field__ticket_checklists') }}
),

users as (
    select * from {{ ref('stg_sonar__users') }}
),

admins as (
    select *
    from {{ ref('int_people__users') }}
    where exclude_rule is null and reject_reason is null
),

contact_emails as (
    select * from {{ ref('int_tickets__contact_emails') }}
),

scope as (
    select * from {{ ref('int_tickets__scope') }}
),

rows as (
    select
        'description:' || tickets._sonar_key as _sonar_key,
        1 as kind,
        tickets.sonar_ticket_id as sonar_id,
        tickets.sonar_ticket_id,
        null::bigint as sonar_user_id,
        false as is_incoming,
        null::text as author_name,
        null::text as author_email,
        {{ shown_html('tickets.description', 'clean_descriptions') }} as message,
        {{ is_not_cleaned('tickets.description', 'clean_descriptions') }} as is_not_cleaned,
        tickets.created_at
    from tickets
    {{ clean_texts_of('tickets.description', 'clean_descriptions') }}
    where {{ clean_text('tickets.description') }} is not null
    union all
    select
        'reply:' || replies._sonar_key as _sonar_key,
        2 as kind,
        replies.sonar_ticket_reply_id as sonar_id,
        replies.sonar_ticket_id,
        replies.sonar_user_id,
        coalesce(replies.is_incoming, false) as is_incoming,
        replies.author_name,
        replies.author_email,
        {{ shown_html('replies.body', 'clean_bodies') }} as message,
        {{ is_not_cleaned('replies.body', 'clean_bodies') }} as is_not_cleaned,
        replies.created_at
    from replies
    {{ clean_texts_of('replies.body', 'clean_bodies') }}
    union all
    select
        'comment:' || comments._sonar_key as _sonar_key,
        3 as kind,
        comments.sonar_ticket_comment_id as sonar_id,
        comments.sonar_ticket_id,
        comments.sonar_user_id,
        false as is_incoming,
        null::text as author_name,
        null::text as author_email,
        {{ shown_html('comments.body', 'clean_bodies') }} as message,
        {{ is_not_cleaned('comments.body', 'clean_bodies') }} as is_not_cleaned,
        comments.created_at
    from comments
    {{ clean_texts_of('comments.body', 'clean_bodies') }}
    union all
    select
        checklists._sonar_key,
        4 as kind,
        checklists.sonar_ticket_id as sonar_id,
        checklists.sonar_ticket_id,
        null::bigint as sonar_user_id,
        false as is_incoming,
        null::text as author_name,
        null::text as author_email,
        checklists.message,
        false as is_not_cleaned,
        checklists.written_at as created_at
    from checklists
),

joined as (
    select
        rows.*,
        tickets._sonar_key as ticket_key,
        tickets.customer_key,
        tickets.exclude_rule as ticket_rule,
        tickets.reject_reason as ticket_reason,
        admins._sonar_key as admin_key,
        coalesce(users.user_name, users.username, 'user ' || rows.sonar_user_id) as user_name,
        scope.oldest_message_date,
        case
            when rows.sonar_user_id is not null and admins._sonar_key is not null then 'admin'
            when rows.sonar_user_id is not null then 'user_not_loaded'
            when not rows.is_incoming then 'api'
            when contact_emails.email_address is not null then 'customer'
            when rows.author_email is null then 'unknown'
            else 'sender'
        end as author
    from rows
    cross join scope
    left join tickets on rows.sonar_ticket_id = tickets.sonar_ticket_id
    left join users on rows.sonar_user_id = users.sonar_user_id
    left join admins on rows.sonar_user_id = admins.sonar_user_id
    left join contact_emails
        on
            tickets.sonar_account_id = contact_emails.sonar_account_id
            and rows.author_email = contact_emails.email_address
),

judged as (
    select
        joined.*,
        case
            when joined.ticket_rule is not null then joined.ticket_rule
            when
                joined.kind > 1
                and {{ local_date('joined.created_at') }} < joined.oldest_message_date
                then 'before_message_history'
        end as rule
    from joined
),

final as (
    select
        judged._sonar_key,
        judged.ticket_key,
        judged.sonar_ticket_id,
        judged.customer_key,
        judged.kind,
        judged.sonar_id,
        judged.author,
        case
            when judged.author in ('sender', 'customer') then 'customer'
            when judged.author in ('user_not_loaded', 'unknown') then 'system'
            else judged.author
        end as author_type,
        case
            when judged.is_incoming then 'incoming'
            when judged.author = 'api' then 'api'
            else 'administration'
        end as source,
        case when judged.author = 'admin' then judged.admin_key end as admin_key,
        case when judged.author = 'sender' then judged.author_email end as sender_email,
        judged.author_name,
        concat(
            case
                when judged.author = 'user_not_loaded'
                    then '<p>Written by: ' || {{ html_text('judged.user_name') }} || '</p>'
                when judged.author = 'unknown' and judged.author_name is not null
                    then '<p>Written by: ' || {{ html_text('judged.author_name') }} || '</p>'
            end,
            -- the API takes no message without a text
            coalesce(nullif(judged.message, ''), '(no text)')
        ) as message,
        judged.kind in (3, 4) as is_note,
        judged.created_at,
        judged.rule as exclude_rule,
        case
            when judged.rule is not null then null
            when judged.ticket_key is null then 'ticket_missing'
            when judged.ticket_reason is not null then 'ticket_rejected'
            when judged.is_not_cleaned then 'text_not_cleaned'
            -- incoming_customer.email
            when judged.author = 'sender' and length(judged.author_email) > 256
                then 'email_too_long'
        end as reject_reason
    from judged
)

select * from final
