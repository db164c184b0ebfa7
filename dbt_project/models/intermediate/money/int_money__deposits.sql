-- The balance of each customer: credits minus debits, without what is only going to be charged.
with final as (
    select
        _customer_key,
        sum(case type when 'credit' then total_cents else -total_cents end)::bigint
            as deposit_cents
    from {{ ref('int_money__transactions') }}
    where not is_future
    group by _customer_key
)

select * from final
