-- Each payer is a row of the table that its type names, of the same customer, and pays either an
-- invoice or a debit of that customer. A relationship test can't follow three tables.
with money as (
    select 'payment' as type, id, customer_id from {{ ref('payments') }} where amount > 0
    union all
    select 'credit_note' as type, id, customer_id from {{ ref('credit_notes') }}
    union all
    select
        'transaction' as type,
        id,
        customer_id
    from {{ ref('billing_transactions') }}
    where type = 'credit'
),

final as (
    select
        payers._sonar_key,
        payers.type,
        payers.payer_id
    from {{ ref('invoice_payers') }} as payers
    left join money on payers.type = money.type and payers.payer_id = money.id
    left join {{ ref('invoices') }} as invoices on payers.invoice_id = invoices.id
    left join {{ ref('billing_transactions') }} as debits
        on payers.transaction_id = debits.id and debits.type = 'debit'
    where
        payers.amount <= 0
        or money.id is null
        or money.customer_id <> payers.customer_id
        or (payers.invoice_id is null) = (payers.transaction_id is null)
        or coalesce(invoices.customer_id, debits.customer_id) is distinct from payers.customer_id
)

select * from final
