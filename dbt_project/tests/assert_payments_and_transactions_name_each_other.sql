-- A payment and its transaction name each other, of the same customer, day, and amount; what was
-- taken back is a debit.
with final as (
    select
        coalesce(payments._sonar_key, transactions._sonar_key) as _sonar_key,
        payments.transaction_id,
        transactions.payment_id
    from {{ ref('payments') }} as payments
    full join (
        select * from {{ ref('billing_transactions') }} where payment_id is not null
    ) as transactions
        on payments.id = transactions.payment_id
    where
        payments.transaction_id is distinct from transactions.id
        or payments.customer_id <> transactions.customer_id
        or payments.date <> transactions.date
        or payments.amount
        <> case transactions.type when 'credit' then transactions.total else -transactions.total end
)

select * from final
