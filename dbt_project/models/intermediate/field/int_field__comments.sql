-- Everything that becomes a comment of a task: notes, and the checklist as one.
with notes as (
    select * from {{ ref('int_field__job_notes') }}
),

checklists as (
    select *
    from {{ ref('int_field__checklists') }}
    where owner_type = 'Job'
),

admins as (
    select *
    from {{ ref('int_people__users') }}
    where exclude_rule is null and reject_reason is null
),

rows as (
    select
        'note:' || _sonar_key as _sonar_key,
        job_key,
        customer_key,
        sonar_user_id,
        comment,
        is_pinned,
        created_at,
        exclude_rule,
        reject_reason
    from notes
    union all
    select
        'checklist:' || owner_key as _sonar_key,
        owner_key as job_key,
        customer_key,
        null::bigint as sonar_user_id,
        message as comment,
        false as is_pinned,
        written_at as created_at,
        null::text as exclude_rule,
        -- scheduling_task_comment.comment
        case when octet_length(message) > 65535 then 'message_too_long' end as reject_reason
    from checklists
),

final as (
    select
        rows._sonar_key,
        rows.job_key,
        rows.customer_key,
        coalesce(admins._sonar_key, 'default') as author_key,
        rows.comment,
        rows.is_pinned,
        rows.created_at,
        rows.exclude_rule,
        rows.reject_reason
    from rows
    left join admins on rows.sonar_user_id = admins.sonar_user_id
)

select * from final
