-- The checklist of each job and of each ticket, as one text.
with tasks as (
    select *
    from {{ ref('int_field__tasks') }}
    where exclude_rule is null and reject_reason is null
),

final as (
    select
        'checklist:' || owner_type || ':' || owner_key as _sonar_key,
        owner_type,
        owner_id,
        owner_key,
        customer_key,
        string_agg(line, '<br>' order by list_order nulls last, sonar_task_id) as message,
        min(created_at) as written_at
    from tasks
    group by owner_type, owner_id, owner_key, customer_key
)

select * from final
