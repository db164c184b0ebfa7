with credit_notes as (
    select *
    from {{ ref('int_money__credit_notes') }}
    where exclude_rule is null and reject_reason is null
),

credit_note_ids as (
    {{ planned_ids('credit_notes') }}
),

invoice_ids as (
    {{ planned_ids('invoices') }}
),

final as (
    select
        credit_notes._sonar_key,
        credit_notes._customer_key,
        credit_note_ids.planned_id as credit_note_id,
        invoice_ids.planned_id as invoice_id
    from credit_notes
    left join credit_note_ids on credit_notes._sonar_key = credit_note_ids._sonar_key
    left join invoice_ids on credit_notes.sonar_invoice_id::text = invoice_ids._sonar_key
)

select * from final
