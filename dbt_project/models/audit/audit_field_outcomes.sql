-- What became of the records behind jobs, contracts and files.
with own_rows as (
    {{ outcomes_of_own_rows('job_types', 'int_field__job_types', 'scheduling_project') }}
    union all
    {{ outcomes_of_own_rows(
        'jobs', 'int_field__jobs', 'scheduling_task', 'screened.customer_key'
    ) }}
    union all
    {{ outcomes_of_own_rows(
        'job_check_ins',
        'int_field__check_ins',
        'scheduling_task_worklog',
        'screened.customer_key',
    ) }}
    union all
    {{ outcomes_of_own_rows(
        'notes',
        'int_field__job_notes',
        'scheduling_task_comment',
        'screened.customer_key',
        entity='notes',
        mart_key="'note:' || screened._sonar_key",
    ) }}
    union all
    {{ outcomes_of_own_rows(
        'contracts',
        'int_field__contracts',
        'customer_documents',
        'screened.customer_key',
        entity='contracts',
        mart_key="'contract:' || screened._sonar_key",
    ) }}
),

signatures as (
    select
        'handwritten_signatures' as collection,
        signatures._sonar_key,
        'handwritten_signatures' as entity,
        case
            when signatures.exclude_rule is not null then 'excluded'
            when signatures.reject_reason is not null then 'rejected'
            when documents._sonar_key is not null then 'merged'
        end as outcome,
        coalesce(
            signatures.exclude_rule, signatures.reject_reason, 'into_customer_documents'
        ) as reason,
        signatures.customer_key as _customer_key
    from {{ ref('int_field__signatures') }} as signatures
    left join {{ ref('customer_documents') }} as documents
        on 'contract:' || signatures.contract_key = documents._sonar_key
),

-- A line has arrived where the checklist has that it is in.
tasks as (
    select
        'tasks' as collection,
        tasks._sonar_key,
        'tasks' as entity,
        case
            when tasks.exclude_rule is not null then 'excluded'
            when tasks.reject_reason is not null or checklists.reject_reason is not null
                then 'rejected'
            when comments._sonar_key is not null or messages._sonar_key is not null then 'merged'
        end as outcome,
        case
            when tasks.exclude_rule is not null then tasks.exclude_rule
            when tasks.reject_reason is not null then tasks.reject_reason
            when checklists.reject_reason is not null then checklists.reject_reason
            when comments._sonar_key is not null then 'into_scheduling_task_comment'
            else 'into_ticket_messages'
        end as reason,
        tasks.customer_key as _customer_key
    from {{ ref('int_field__tasks') }} as tasks
    left join {{ ref('int_field__comments') }} as checklists
        on
            tasks.owner_type = 'Job'
            and 'checklist:' || tasks.owner_key = checklists._sonar_key
    left join {{ ref('scheduling_task_comment') }} as comments
        on checklists._sonar_key = comments._sonar_key
    left join {{ ref('ticket_messages') }} as messages
        on
            tasks.owner_type = 'Ticket'
            and 'checklist:' || tasks.owner_key = messages._sonar_key
),

files as (
    select
        'files' as collection,
        files._sonar_key,
        'files' as entity,
        case
            when files.exclude_rule is not null then 'excluded'
            when files.reject_reason is not null then 'rejected'
            when documents._sonar_key is not null or uploads._sonar_key is not null then 'mart'
        end as outcome,
        coalesce(files.exclude_rule, files.reject_reason) as reason,
        files.customer_key as _customer_key
    from {{ ref('int_field__files') }} as files
    left join {{ ref('customer_documents') }} as documents
        on 'file:' || files._sonar_key = documents._sonar_key
    left join {{ ref('files_upload') }} as uploads on files._sonar_key = uploads._sonar_key
),

final as (
    {% for rows in ['own_rows', 'signatures', 'tasks', 'files'] %}
        select
            collection,
            _sonar_key,
            entity,
            outcome,
            reason,
            _customer_key
        from {{ rows }}
        where outcome is not null
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select * from final
