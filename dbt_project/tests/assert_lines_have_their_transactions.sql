-- A line of a live invoice is one transaction of the same customer, invoice and amount, and every
-- charge among the transactions that is on an invoice is a line of it.
with items as (
    select * from {{ ref('invoices_items') }}
),

invoices as (
    select * from {{ ref('invoices') }}
),

transactions as (
    select * from {{ ref('billing_transactions') }}
),

wrong_lines as (
    select items._sonar_key
    from items
    inner join invoices on items.invoice_id = invoices.id
    left join transactions on items.transaction_id = transactions.id
    where
        items.deleted = '0'
        and (
            transactions.id is null
            or transactions.type <> 'debit'
            or transactions.to_invoice <> '0'
            or transactions.customer_id <> invoices.customer_id
            or transactions.invoice_id is distinct from items.invoice_id
            or transactions.total
            <> round(items.quantity * items.price * (1 + items.tax / 100), {{ var('money_decimals') }})
        )
),

lost_charges as (
    select transactions._sonar_key
    from transactions
    left join items on transactions.id = items.transaction_id
    where
        transactions.invoice_id is not null
        and transactions.type = 'debit'
        and items.id is null
),

final as (
    select _sonar_key from wrong_lines
    union all
    select _sonar_key from lost_charges
)

select * from final
