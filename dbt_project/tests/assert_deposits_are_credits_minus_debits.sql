-- Splynx's own equation: the balance is what was credited minus what was debited; what waits for the
-- next invoice is not in it.
with transactions as (
    select
        customer_id,
        sum(case type when 'credit' then total else -total end) as balance
    from {{ ref('billing_transactions') }}
    where to_invoice = '0'
    group by customer_id
),

final as (
    select
        coalesce(billing.customer_id, transactions.customer_id) as customer_id,
        billing.deposit,
        coalesce(transactions.balance, 0) as balance
    from {{ ref('customer_billing') }} as billing
    full join transactions on billing.customer_id = transactions.customer_id
    where billing.deposit is distinct from coalesce(transactions.balance, 0)
)

select * from final
