with credit_notes as (
    select *
    from {{ ref('int_money__credit_notes') }}
    where exclude_rule is null and reject_reason is null
),

credit_note_ids as (
    {{ planned_ids('credit_notes') }}
),

customer_ids as (
    {{ planned_ids('customers') }}
),

admin_ids as (
    {{ planned_ids('admins') }}
),

final as (
    select
        credit_notes._sonar_key,
        credit_notes._customer_key,
        credit_note_ids.planned_id as id,
        customer_ids.planned_id as customer_id,
        credit_notes.number::varchar as number,
        credit_notes.date as date_created,
        credit_notes.created_local_at as real_create_datetime,
        credit_notes.date as date_updated,
        null::date as date_payment,
        null::bigint as payment_id,
        {{ money('credit_notes.total_cents') }}::numeric(19, 4) as total,
        {{ money('credit_notes.remind_cents') }}::numeric(19, 4) as remind_amount,
        'not_refunded'::varchar as status,
        nullif(credit_notes.note, '')::text as note,
        case when admin_ids.planned_id is null then 'system' else 'admin' end::varchar
            as added_by,
        admin_ids.planned_id as added_by_id
    from credit_notes
    left join credit_note_ids on credit_notes._sonar_key = credit_note_ids._sonar_key
    left join customer_ids on credit_notes._customer_key = customer_ids._sonar_key
    left join admin_ids on credit_notes.author_key = admin_ids._sonar_key
)

select * from final
