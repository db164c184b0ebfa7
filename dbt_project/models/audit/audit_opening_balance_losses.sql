-- What stays behind in Sonar when only opening balances are loaded (var money_method), by collection,
-- and what goes on in its place. The same under both methods, so it can be read before one is chosen.
with losses as (
    select
        1 as place,
        'invoices' as collection,
        count(*) as records,
        sum(case when is_void then 0 else total_cents end) as cents,
        'what is due of them, one line for each age' as kept
    from {{ ref('int_money__invoices') }}
    where is_counted
    union all
    select
        2 as place,
        'debits' as collection,
        count(*) as records,
        sum(amount_cents) as cents,
        'charges that are on no invoice yet go on' as kept
    from {{ ref('int_money__debits') }}
    where is_counted and not is_future
    union all
    select
        3 as place,
        'tax_transactions' as collection,
        count(*) as records,
        sum(amount_cents) as cents,
        'taxes of charges that are on no invoice yet go on' as kept
    from {{ ref('int_money__taxes') }}
    where is_counted and not is_future
    union all
    select
        4 as place,
        'discounts' as collection,
        count(*) as records,
        sum(amount_cents) as cents,
        'what is left of them, one line for each customer' as kept
    from {{ ref('int_money__discounts') }}
    where is_counted
    union all
    select
        5 as place,
        'payments' as collection,
        count(*) as records,
        sum(amount_cents) as cents,
        'what is left of them, one line for each customer' as kept
    from {{ ref('int_money__payments') }}
    where is_counted
    union all
    select
        6 as place,
        takings.collection,
        count(*) as records,
        sum(takings.amount_cents) as cents,
        'nothing' as kept
    from {{ ref('int_money__takings') }} as takings
    inner join {{ ref('int_money__taken_back') }} as taken_back
        on coalesce(takings.paired_with, takings._sonar_key) = taken_back._sonar_key
    where taken_back.is_counted
    group by takings.collection
    union all
    select
        7 as place,
        'credits' as collection,
        count(*) as records,
        sum(amount_cents) as cents,
        'nothing: which payment paid which invoice is lost' as kept
    from {{ ref('int_money__applications') }}
    where is_counted
),

final as (
    select
        place,
        collection,
        records,
        coalesce(cents, 0)::bigint as cents,
        kept
    from losses
)

select * from final
