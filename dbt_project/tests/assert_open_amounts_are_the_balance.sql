-- The balance told a second way: what is left of credits, without what is open of debits and of
-- invoices.
with open_amounts as (
    select
        customer_id,
        case type when 'credit' then remind_amount else -remind_amount end as amount
    from {{ ref('billing_transactions') }}
    where to_invoice = '0'
    union all
    select
        customer_id,
        -due as amount
    from {{ ref('invoices') }}
),

sums as (
    select
        customer_id,
        sum(amount) as amount
    from open_amounts
    group by customer_id
),

final as (
    select
        billing.customer_id,
        billing.deposit,
        coalesce(sums.amount, 0) as open_amount
    from {{ ref('customer_billing') }} as billing
    left join sums on billing.customer_id = sums.customer_id
    where billing.deposit <> coalesce(sums.amount, 0)
)

select * from final
