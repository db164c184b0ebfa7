-- Every invoice as Sonar states it, beside what its records come to. Read from the records alone,
-- apart from the models that decide what goes on, so that neither can hide an error of the other.
with invoices as (
    select * from {{ ref('stg_sonar__invoices') }}
),

debits as (
    select
        sonar_invoice_id,
        sum(amount_cents) as cents
    from {{ ref('stg_sonar__debits') }}
    where sonar_invoice_id is not null
    group by sonar_invoice_id
),

taxes as (
    select
        debits.sonar_invoice_id,
        sum(taxes.amount_cents) as cents
    from {{ ref('stg_sonar__tax_transactions') }} as taxes
    inner join {{ ref('stg_sonar__debits') }} as debits
        on taxes.sonar_owner_id = debits.sonar_debit_id
    where taxes.owner_type = 'Debit' and debits.sonar_invoice_id is not null
    group by debits.sonar_invoice_id
),

applied as (
    select
        sonar_invoice_id,
        sum(amount_cents) as cents
    from {{ ref('stg_sonar__credits') }}
    where not is_void
    group by sonar_invoice_id
),

final as (
    select
        invoices._sonar_key,
        invoices.sonar_invoice_id,
        invoices.sonar_account_id,
        invoices.is_void,
        invoices.invoice_date,
        invoices.due_date,
        invoices.stated_debits_cents,
        invoices.stated_taxes_cents,
        invoices.stated_due_cents,
        coalesce(debits.cents, 0)::bigint as debits_cents,
        coalesce(taxes.cents, 0)::bigint as taxes_cents,
        coalesce(applied.cents, 0)::bigint as applied_cents,
        case
            when invoices.is_void then 0
            else
                coalesce(debits.cents, 0) + coalesce(taxes.cents, 0) - coalesce(applied.cents, 0)
        end::bigint as due_cents
    from invoices
    left join debits on invoices.sonar_invoice_id = debits.sonar_invoice_id
    left join taxes on invoices.sonar_invoice_id = taxes.sonar_invoice_id
    left join applied on invoices.sonar_invoice_id = applied.sonar_invoice_id
)

select * from final
