with notes as (
    select *
    from {{ ref('int_customers__notes') }}
    where reject_reason is null and exclude_rule is null
),

note_ids as (
    {{ planned_ids('customer_notes') }}
),

customer_ids as (
    {{ planned_ids('customers') }}
),

admin_ids as (
    {{ planned_ids('admins') }}
),

final as (
    select
        notes._sonar_key,
        notes._customer_key,
        note_ids.planned_id as id,
        customer_ids.planned_id as customer_id,
        notes.noted_at as datetime,
        admin_ids.planned_id as administrator_id,
        notes.note_type::varchar as type,
        null::varchar as class,
        notes.title::varchar as title,
        null::varchar as name,
        notes.message::text as comment,
        null::text as "values",
        null::bigint as assigned_to,
        case when notes.is_pinned then 1 else 0 end::bigint as is_pinned,
        case when notes.is_pinned then notes.noted_at end as pinned_date
    from notes
    left join note_ids on notes._sonar_key = note_ids._sonar_key
    left join customer_ids on notes._customer_key = customer_ids._sonar_key
    left join admin_ids on notes.author_key = admin_ids._sonar_key
)

select * from final
