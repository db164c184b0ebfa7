-- Control total across all layers, from what landed: the lines of an invoice come to the charges and
-- taxes of it that were not kept back, to the cent.
with lines as (
    select
        invoice_id,
        sum(round(quantity * price * (1 + tax / 100), {{ var('money_decimals') }}))
        * {{ 10 ** var('money_decimals') }} as cents
    from {{ ref('invoices_items') }}
    group by invoice_id
),

charges as (
    select
        debits._sonar_key,
        debits.payload->>'invoice_id' as invoice_key,
        (debits.payload->>'amount')::numeric as cents
    from {{ source('sonar', 'debits') }} as debits
    left join {{ ref('audit_rejections') }} as rejections
        on rejections.collection = 'debits' and debits._sonar_key = rejections._sonar_key
    where debits._deleted_at is null and rejections._sonar_key is null
),

taxes as (
    select
        charges.invoice_key,
        sum((tax_transactions.payload->>'amount')::numeric) as cents
    from {{ source('sonar', 'tax_transactions') }} as tax_transactions
    inner join charges on tax_transactions.payload->>'taxtransactionable_id' = charges._sonar_key
    left join {{ ref('audit_rejections') }} as rejections
        on
            rejections.collection = 'tax_transactions'
            and tax_transactions._sonar_key = rejections._sonar_key
    where
        tax_transactions.payload->>'taxtransactionable_type' = 'Debit'
        and tax_transactions._deleted_at is null
        and rejections._sonar_key is null
    group by charges.invoice_key
),

sums as (
    select
        invoice_key,
        sum(cents) as cents
    from charges
    group by invoice_key
),

final as (
    select
        invoices._sonar_key,
        lines.cents as line_cents,
        coalesce(sums.cents, 0) + coalesce(taxes.cents, 0) as sonar_cents
    from {{ ref('invoices') }} as invoices
    left join lines on invoices.id = lines.invoice_id
    left join sums on invoices._sonar_key = sums.invoice_key
    left join taxes on invoices._sonar_key = taxes.invoice_key
    where coalesce(lines.cents, 0) <> coalesce(sums.cents, 0) + coalesce(taxes.cents, 0)
)

select * from final
