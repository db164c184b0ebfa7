-- Each credit note: its lines and its transactions come to its total, and it is about an invoice of
-- the same customer.
with items as (
    select
        items.credit_note_id,
        sum(items.quantity * items.price) as amount,
        bool_and(
            transactions.credit_note_id = items.credit_note_id
            and transactions.total = items.price
        ) as agree
    from {{ ref('credit_notes_items') }} as items
    left join {{ ref('billing_transactions') }} as transactions
        on items.transaction_id = transactions.id
    group by items.credit_note_id
),

transactions as (
    select
        credit_note_id,
        sum(total) as amount
    from {{ ref('billing_transactions') }}
    where credit_note_id is not null
    group by credit_note_id
),

invoices as (
    select
        links.credit_note_id,
        invoices.customer_id
    from {{ ref('credit_notes_to_invoices') }} as links
    left join {{ ref('invoices') }} as invoices
        on links.invoice_id = invoices.id and invoices.status <> 'deleted'
),

final as (
    select
        notes._sonar_key,
        notes.total,
        items.amount as items,
        transactions.amount as transactions
    from {{ ref('credit_notes') }} as notes
    left join items on notes.id = items.credit_note_id
    left join transactions on notes.id = transactions.credit_note_id
    left join invoices on notes.id = invoices.credit_note_id
    where
        items.amount is distinct from notes.total
        or transactions.amount is distinct from notes.total
        or invoices.customer_id is distinct from notes.customer_id
        or not items.agree
)

select * from final
