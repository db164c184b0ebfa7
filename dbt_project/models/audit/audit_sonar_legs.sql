-- What each record of Sonar does to the balance of an account: what it adds to what is owed, in
-- cents, and what is going to be charged with the next invoice. An application has two legs: it
-- makes an invoice smaller and a payer poorer, on two accounts where a parent pays for a child.
with debits as (
    select * from {{ ref('stg_sonar__debits') }}
),

invoices as (
    select * from {{ ref('stg_sonar__invoices') }}
),

payers as (
    select * from {{ ref('audit_sonar_payers') }}
),

mirrored as (
    select distinct sonar_debit_id
    from {{ ref('stg_sonar__discounts') }}
    where sonar_debit_id is not null
),

-- Charges that stand: those on an invoice that is not void, and those to come.
charges as (
    select
        debits.sonar_debit_id,
        debits._sonar_key,
        coalesce(invoices.sonar_account_id, debits.sonar_account_id) as sonar_account_id,
        debits.sonar_invoice_id is null as is_pending,
        debits.amount_cents
    from debits
    left join invoices on debits.sonar_invoice_id = invoices.sonar_invoice_id
    left join mirrored on debits.sonar_debit_id = mirrored.sonar_debit_id
    where
        (debits.sonar_invoice_id is not null and not invoices.is_void)
        or (
            debits.sonar_invoice_id is null
            and (not debits.is_reversed or mirrored.sonar_debit_id is not null)
        )
),

charge_taxes as (
    select
        taxes._sonar_key,
        charges.sonar_account_id,
        charges.is_pending,
        taxes.amount_cents
    from {{ ref('stg_sonar__tax_transactions') }} as taxes
    inner join charges on taxes.sonar_owner_id = charges.sonar_debit_id
    where taxes.owner_type = 'Debit'
),

discount_taxes as (
    select
        taxes._sonar_key,
        payers.sonar_account_id,
        taxes.amount_cents
    from {{ ref('stg_sonar__tax_transactions') }} as taxes
    inner join payers
        on taxes.sonar_owner_id = payers.sonar_payer_id and payers.payer_type = 'Discount'
    where taxes.owner_type = 'Discount' and payers.is_usable
),

takings as (
    select
        takings.collection,
        takings._sonar_key,
        payers.sonar_account_id,
        takings.amount_cents
    from {{ ref('audit_sonar_takings') }} as takings
    inner join payers
        on takings.sonar_payment_id = payers.sonar_payer_id and payers.payer_type = 'Payment'
    where takings.stands and payers.is_usable
),

credits as (
    select
        credits._sonar_key,
        credits.amount_cents,
        invoices.sonar_account_id as invoice_account,
        payers.sonar_account_id as payer_account
    from {{ ref('stg_sonar__credits') }} as credits
    left join invoices
        on credits.sonar_invoice_id = invoices.sonar_invoice_id and not invoices.is_void
    left join payers
        on
            credits.payer_type = payers.payer_type
            and credits.sonar_payer_id = payers.sonar_payer_id
            and payers.is_usable
    where not credits.is_void
),

legs as (
    select 'debits' as collection, _sonar_key, sonar_account_id, is_pending, amount_cents as cents
    from charges
    union all
    select 'tax_transactions', _sonar_key, sonar_account_id, is_pending, amount_cents
    from charge_taxes
    union all
    select 'tax_transactions', _sonar_key, sonar_account_id, false, -amount_cents
    from discount_taxes
    union all
    select collection, _sonar_key, sonar_account_id, false, -amount_cents
    from payers
    where is_usable
    union all
    select collection, _sonar_key, sonar_account_id, false, amount_cents
    from takings
    union all
    select 'credits', _sonar_key, invoice_account, false, -amount_cents
    from credits
    where invoice_account is distinct from payer_account and invoice_account is not null
    union all
    select 'credits', _sonar_key, payer_account, false, amount_cents
    from credits
    where invoice_account is distinct from payer_account and payer_account is not null
),

final as (
    select
        collection,
        _sonar_key,
        sonar_account_id,
        is_pending,
        cents::bigint as cents
    from legs
    where cents <> 0
)

select * from final
