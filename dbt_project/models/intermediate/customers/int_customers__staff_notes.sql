-- Each note and whether it becomes a note of a customer. Those on jobs become comments of tasks:
-- int_field__job_notes says which.
with notes as (
    select * from {{ ref('stg_sonar__notes') }}
),

customers as (
    select * from {{ ref('int_customers__screened') }}
),

final as (
    select
        notes._sonar_key,
        notes.sonar_note_id,
        customers._sonar_key as customer_key,
        notes.sonar_user_id,
        notes.message,
        nullif(left({{ without_tags('left(notes.message, 2000)') }}, 50), '') as title,
        coalesce(notes.priority in ('STICKY', 'STICKY_WITH_CONFIRMATION'), false) as is_pinned,
        notes.created_at,
        case
            when notes.owner_type = 'Job' then 'note_of_job'
            when notes.owner_type is distinct from 'Account' then 'owner_not_account'
            else customers.exclude_rule
        end as exclude_rule,
        case
            when notes.owner_type is distinct from 'Account' then null
            when customers.exclude_rule is not null then null
            when customers._sonar_key is null then 'account_missing'
            when customers.reject_reason is not null then 'customer_rejected'
            when octet_length(notes.message) > 65535 then 'message_too_long'
        end as reject_reason
    from notes
    left join customers
        on notes.owner_id = customers.sonar_account_id and notes.owner_type = 'Account'
)

select * from final
