-- Each invoice: what is due is its total without what pays it, never below zero; nothing pays a
-- deleted one; it is paid exactly when nothing is due.
with payers as (
    select
        invoice_id,
        sum(amount) as amount
    from {{ ref('invoice_payers') }}
    where invoice_id is not null
    group by invoice_id
),

final as (
    select
        invoices._sonar_key,
        invoices.status,
        invoices.total,
        invoices.due,
        coalesce(payers.amount, 0) as paid
    from {{ ref('invoices') }} as invoices
    left join payers on invoices.id = payers.invoice_id
    where
        invoices.total < 0
        or invoices.due < 0
        or invoices.due <> case
            when invoices.status = 'deleted' then coalesce(payers.amount, 0)
            else invoices.total - coalesce(payers.amount, 0)
        end
        or invoices.status = 'deleted' and payers.amount is not null
        or (invoices.status = 'paid') <> (invoices.due = 0 and invoices.status <> 'deleted')
        or (invoices.status = 'deleted') <> (invoices.deleted = '1')
)

select * from final
