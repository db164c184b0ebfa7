-- Each file: where it goes, and the rule or reason that keeps it back. What belongs to a signature
-- goes to the documents of the customer who signed; what belongs to a ticket, to its first message.
with files as (
    select * from {{ ref('stg_sonar__files') }}
),

customers as (
    select * from {{ ref('int_customers__screened') }}
),

jobs as (
    select * from {{ ref('int_field__jobs') }}
),

signatures as (
    select * from {{ ref('int_field__signatures') }}
),

tickets as (
    select * from {{ ref('int_tickets__screened') }}
),

messages as (
    select * from {{ ref('int_tickets__messages') }}
),

first_messages as (
    select distinct on (sonar_ticket_id)
        sonar_ticket_id,
        _sonar_key as message_key
    from messages
    where exclude_rule is null and reject_reason is null
    order by sonar_ticket_id, created_at, kind, sonar_id
),

users as (
    select *
    from {{ ref('int_people__users') }}
    where exclude_rule is null and reject_reason is null
),

owners as (
    select
        'Account' as owner_type,
        sonar_account_id as owner_id,
        _sonar_key as customer_key,
        null::text as job_key,
        null::text as message_key,
        exclude_rule,
        case when reject_reason is not null then 'customer_rejected' end as reject_reason
    from customers
    union all
    select
        'Job' as owner_type,
        sonar_job_id as owner_id,
        customer_key,
        _sonar_key as job_key,
        null::text as message_key,
        exclude_rule,
        case when reject_reason is not null then 'job_rejected' end as reject_reason
    from jobs
    union all
    select
        'HandwrittenSignature' as owner_type,
        sonar_signature_id as owner_id,
        customer_key,
        null::text as job_key,
        null::text as message_key,
        exclude_rule,
        reject_reason
    from signatures
    union all
    select
        'Ticket' as owner_type,
        tickets.sonar_ticket_id as owner_id,
        tickets.customer_key,
        null::text as job_key,
        first_messages.message_key,
        case
            when tickets.exclude_rule is not null then tickets.exclude_rule
            when tickets.reject_reason is null and first_messages.message_key is null
                then 'file_without_message'
        end as exclude_rule,
        case when tickets.reject_reason is not null then 'ticket_rejected' end as reject_reason
    from tickets
    left join first_messages on tickets.sonar_ticket_id = first_messages.sonar_ticket_id
    union all
    select
        case kind when 2 then 'TicketReply' else 'TicketComment' end as owner_type,
        sonar_id as owner_id,
        customer_key,
        null::text as job_key,
        _sonar_key as message_key,
        exclude_rule,
        case when reject_reason is not null then 'message_rejected' end as reject_reason
    from messages
    where kind in (2, 3)
),

joined as (
    select
        files.*,
        owners.owner_type is not null as is_owner_here,
        owners.customer_key,
        owners.job_key,
        owners.message_key,
        owners.exclude_rule as owner_rule,
        owners.reject_reason as owner_reason,
        users._sonar_key as author_key,
        case files.owner_type
            when 'Account' then 'account_missing'
            when 'Job' then 'job_missing'
            when 'HandwrittenSignature' then 'signature_missing'
            when 'Ticket' then 'ticket_missing'
            when 'TicketReply' then 'message_missing'
            when 'TicketComment' then 'message_missing'
        end as missing_owner
    from files
    left join owners
        on files.owner_type = owners.owner_type and files.owner_id = owners.owner_id
    left join users on files.sonar_user_id = users.sonar_user_id
),

final as (
    select
        joined._sonar_key,
        joined.sonar_file_id,
        joined.sonar_unique_id,
        joined.owner_type,
        joined.customer_key,
        joined.job_key,
        joined.message_key,
        case
            when not joined.is_owner_here then null
            when joined.owner_type = 'Job' then 'job'
            when joined.owner_type in ('Ticket', 'TicketReply', 'TicketComment') then 'message'
            else 'customer'
        end as destination,
        joined.file_name,
        joined.description,
        joined.author_key,
        joined.created_at,
        joined.updated_at,
        case
            when joined.owner_type is null then 'file_of_nobody'
            when joined.missing_owner is null then 'file_owner_not_mapped'
            else joined.owner_rule
        end as exclude_rule,
        case
            when joined.missing_owner is null or joined.owner_rule is not null then null
            when not joined.is_owner_here then joined.missing_owner
            when joined.owner_reason is not null then joined.owner_reason
            when joined.file_name is null then 'missing_name'
            -- files_upload.filename_original, customer_documents.title
            when length(joined.file_name) > 256 then 'name_too_long'
            -- customer_documents.description
            when octet_length(joined.description) > 16000 then 'message_too_long'
        end as reject_reason
    from joined
)

select * from final
