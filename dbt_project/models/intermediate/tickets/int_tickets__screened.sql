-- Each ticket with what its row will hold, and the rule or reason that keeps it back.
with tickets as (
    select * from {{ ref('stg_sonar__tickets') }}
),

customers as (
    select * from {{ ref('int_customers__screened') }}
),

sites as (
    select * from {{ ref('stg_sonar__network_sites') }}
),

ticket_groups as (
    select * from {{ ref('int_tickets__ticket_groups') }}
),

categories as (
    select * from {{ ref('int_tickets__ticket_categories') }}
),

types as (
    select * from categories where is_type
),

-- A category whose name is too long for a label or a type is named in the note.
unlabelled as (
    select
        sonar_ticket_id,
        string_agg('Category: ' || category_name, E'\n' order by ticket_category_id) as lines
    from categories
    where not is_type and not is_label
    group by sonar_ticket_id
),

statuses as (
    select * from {{ ref('map_ticket_statuses') }}
),

priorities as (
    select * from {{ ref('map_ticket_priorities') }}
),

users as (
    select * from {{ ref('stg_sonar__users') }}
),

admins as (
    select *
    from {{ ref('int_people__users') }}
    where exclude_rule is null and reject_reason is null
),

mailboxes as (
    select * from {{ ref('stg_sonar__inbound_mailboxes') }}
),

openers as (
    select * from {{ ref('int_tickets__openers') }}
),

contact_emails as (
    select * from {{ ref('int_tickets__contact_emails') }}
),

scope as (
    select * from {{ ref('int_tickets__scope') }}
),

joined as (
    select
        tickets.*,
        customers._sonar_key as customer_key,
        customers.exclude_rule as customer_rule,
        customers.reject_reason as customer_reason,
        sites.sonar_network_site_id,
        admins._sonar_key as assignee_key,
        ticket_groups.group_name,
        case when ticket_groups.reject_reason is null then ticket_groups.group_key end
            as group_key,
        types.type_key,
        types.category_name as type_name,
        statuses.status_id,
        statuses.is_closed,
        priorities.splynx_priority,
        contact_emails.email_address is not null as is_from_contact,
        case when tickets.owner_type is distinct from 'Account' then openers.sender_email end
            as sender_email,
        scope.oldest_ticket_date,
        -- Splynx's tickets have no place for these.
        concat_ws(
            E'\n',
            case when length(tickets.subject) > 256 then 'Subject: ' || tickets.subject end,
            'Network site: ' || sites.site_name,
            case
                when ticket_groups.reject_reason is not null
                    then 'Group: ' || ticket_groups.group_name
            end,
            unlabelled.lines,
            case
                when tickets.sonar_user_id is not null and admins._sonar_key is null
                    then 'Assigned to: ' || coalesce(
                        users.user_name, users.username, 'user ' || tickets.sonar_user_id
                    )
            end,
            'Parent ticket: ' || tickets.parent_ticket_id
            || coalesce(' ' || parents.subject, ''),
            'Due: ' || tickets.due_date,
            'Mailbox: ' || mailboxes.mailbox_name
        ) as note
    from tickets
    cross join scope
    left join customers
        on tickets.owner_type = 'Account' and tickets.owner_id = customers.sonar_account_id
    left join sites
        on tickets.owner_type = 'NetworkSite' and tickets.owner_id = sites.sonar_network_site_id
    left join admins on tickets.sonar_user_id = admins.sonar_user_id
    left join users on tickets.sonar_user_id = users.sonar_user_id
    left join ticket_groups on tickets.ticket_group_id = ticket_groups.ticket_group_id
    left join types on tickets.sonar_ticket_id = types.sonar_ticket_id
    left join unlabelled on tickets.sonar_ticket_id = unlabelled.sonar_ticket_id
    left join statuses on tickets.status = statuses.status
    left join priorities on tickets.priority = priorities.priority
    left join tickets as parents on tickets.parent_ticket_id = parents.sonar_ticket_id
    left join mailboxes on tickets.inbound_mailbox_id = mailboxes.inbound_mailbox_id
    left join openers on tickets.sonar_ticket_id = openers.sonar_ticket_id
    left join contact_emails
        on
            customers.sonar_account_id = contact_emails.sonar_account_id
            and openers.first_author_email = contact_emails.email_address
),

judged as (
    select
        joined.*,
        case
            when coalesce(joined.is_spam, false) then 'spam'
            when joined.customer_rule is not null then joined.customer_rule
            when
                joined.is_closed
                and {{ local_date('joined.updated_at') }} < joined.oldest_ticket_date
                then 'before_ticket_history'
        end as rule
    from joined
),

final as (
    select
        judged._sonar_key,
        judged.sonar_ticket_id,
        judged.customer_key,
        case when judged.owner_type = 'Account' then judged.owner_id end as sonar_account_id,
        left(coalesce(judged.subject, '(no subject)'), 256) as subject,     -- ticket.subject
        judged.description,
        judged.status_id,
        judged.is_closed,
        judged.splynx_priority,
        judged.group_key,
        coalesce(judged.type_key, 'default') as type_key,
        judged.assignee_key,
        judged.is_from_contact,
        judged.sender_email,
        nullif(judged.note, '') as note,
        judged.created_at,
        judged.updated_at,
        judged.rule as exclude_rule,
        case
            when judged.rule is not null then null
            when judged.owner_type not in ('Account', 'NetworkSite') then 'owner_not_mapped'
            when judged.owner_type = 'Account' and judged.customer_key is null
                then 'account_missing'
            when judged.customer_reason is not null then 'customer_rejected'
            when judged.owner_type = 'NetworkSite' and judged.sonar_network_site_id is null
                then 'owner_missing'
            when judged.status_id is null then 'unmapped_status'
            when judged.splynx_priority is null then 'unmapped_priority'
            when octet_length(judged.note) > 65535 then 'note_too_long'     -- ticket.note
        end as reject_reason
    from judged
)

select * from final
