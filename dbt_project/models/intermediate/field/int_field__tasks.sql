-- Each line of a checklist: whose it is, and whether its checklist goes on.
with tasks as (
    select * from {{ ref('stg_sonar__tasks') }}
),

jobs as (
    select * from {{ ref('int_field__jobs') }}
),

tickets as (
    select * from {{ ref('int_tickets__screened') }}
),

joined as (
    select
        tasks.*,
        case tasks.owner_type when 'Job' then 'job' else 'ticket' end as owner_kind,
        coalesce(jobs._sonar_key, tickets._sonar_key) as owner_key,
        coalesce(jobs.customer_key, tickets.customer_key) as customer_key,
        coalesce(jobs.exclude_rule, tickets.exclude_rule) as owner_rule,
        coalesce(jobs.reject_reason, tickets.reject_reason) as owner_reason
    from tasks
    left join jobs on tasks.owner_type = 'Job' and tasks.owner_id = jobs.sonar_job_id
    left join tickets
        on tasks.owner_type = 'Ticket' and tasks.owner_id = tickets.sonar_ticket_id
),

final as (
    select
        joined._sonar_key,
        joined.sonar_task_id,
        joined.owner_type,
        joined.owner_id,
        joined.owner_key,
        joined.customer_key,
        concat(
            case when joined.is_complete then '[x] ' else '[ ] ' end,
            {{ html_text('joined.task') }}
        ) as line,
        joined.list_order,
        joined.created_at,
        case
            when joined.owner_type = 'Account' then 'task_of_account'
            when joined.owner_type in ('Job', 'Ticket') then joined.owner_rule
            else 'task_owner_not_mapped'
        end as exclude_rule,
        case
            when joined.owner_type is null or joined.owner_type not in ('Job', 'Ticket') then null
            when joined.owner_rule is not null then null
            when joined.owner_key is null then joined.owner_kind || '_missing'
            when joined.owner_reason is not null then joined.owner_kind || '_rejected'
        end as reject_reason
    from joined
)

select * from final
