-- Each payment, credit note and crediting transaction: what it pays and what is left of it are
-- together what it is, to the cent. Each debit that is paid by a row is paid as a whole.
with paying as (
    select
        type,
        payer_id,
        sum(amount) as amount
    from {{ ref('invoice_payers') }}
    group by type, payer_id
),

paid as (
    select
        transaction_id,
        sum(amount) as amount
    from {{ ref('invoice_payers') }}
    where transaction_id is not null
    group by transaction_id
),

money as (
    select
        'payment' as type,
        id,
        _sonar_key,
        amount,
        remind_amount
    from {{ ref('payments') }}
    where amount > 0
    union all
    select
        'credit_note' as type,
        id,
        _sonar_key,
        total as amount,
        remind_amount
    from {{ ref('credit_notes') }}
    union all
    select
        'transaction' as type,
        id,
        _sonar_key,
        total as amount,
        remind_amount
    from {{ ref('billing_transactions') }}
    where type = 'credit' and payment_id is null and credit_note_id is null
),

final as (
    select
        money._sonar_key,
        money.amount,
        money.remind_amount,
        coalesce(paying.amount, 0) as payers
    from money
    left join paying on money.type = paying.type and money.id = paying.payer_id
    where money.amount <> money.remind_amount + coalesce(paying.amount, 0)
    union all
    select
        debits._sonar_key,
        debits.total as amount,
        debits.remind_amount,
        coalesce(paid.amount, 0) as payers
    from {{ ref('billing_transactions') }} as debits
    left join paid on debits.id = paid.transaction_id
    where
        debits.type = 'debit'
        and debits.invoice_id is null
        and debits.total <> debits.remind_amount + coalesce(paid.amount, 0)
    union all
    select
        _sonar_key,
        amount,
        remind_amount,
        null as payers
    from {{ ref('payments') }}
    where amount = 0 or amount < 0 and remind_amount <> 0
)

select * from final
