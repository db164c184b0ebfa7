-- Control totals across all layers, kind by kind: what the marts hold is, to the cent, what landed of
-- the records that have arrived. Reads raw rows, so that no model stands between.
{% set kinds = [
    ('debits', 'debit:'),
    ('tax_transactions', 'tax:'),
    ('discounts', 'discount:'),
    ('payments', 'payment:'),
    ('reversed_payments', 'taken_back:reversal:'),
    ('refunded_payments', 'taken_back:refund:'),
    ('voided_payments', 'taken_back:void:'),
] %}
{% set units = 10 ** var('money_decimals') %}
-- Not materialized: each kind reads its own few of two million outcomes by their index.
with outcomes as not materialized (
    select
        collection,
        _sonar_key,
        outcome
    from {{ ref('audit_record_outcomes') }}
    where outcome in ('mart', 'merged')
),

transactions as (
    select
        _sonar_key,
        substring(_sonar_key from '^(taken_back:[a-z]+:|[a-z_]+:)') as prefix,
        total,
        price * quantity as net
    from {{ ref('billing_transactions') }}
),

-- Charges and taxes of void invoices have a line and no transaction.
voided as (
    select
        _sonar_key,
        substring(_sonar_key from '^[a-z_]+:') as prefix,
        price * quantity as net
    from {{ ref('invoices_items') }}
    where deleted = '1'
),

sonar as (
    {% for collection, prefix in kinds %}
        select
            '{{ prefix }}' as kind,
            count(*) as records,
            sum((raw.payload->>'amount')::bigint) as cents
        from {{ source('sonar', collection) }} as raw
        inner join outcomes
            on
                raw._sonar_key = outcomes._sonar_key
                and outcomes.collection = '{{ collection }}'
                and outcomes.outcome = 'mart'
        union all
    {% endfor %}
    select
        'tax in its charge' as kind,
        count(*) as records,
        sum((raw.payload->>'amount')::bigint) as cents
    from {{ source('sonar', 'tax_transactions') }} as raw
    inner join outcomes
        on
            raw._sonar_key = outcomes._sonar_key
            and outcomes.collection = 'tax_transactions'
            and outcomes.outcome = 'merged'
    union all
    select
        'payers' as kind,
        count(*) as records,
        sum((raw.payload->>'amount')::bigint) as cents
    from {{ source('sonar', 'credits') }} as raw
    inner join outcomes
        on
            raw._sonar_key = outcomes._sonar_key
            and outcomes.collection = 'credits'
            and outcomes.outcome = 'mart'
),

marts as (
    select
        prefix as kind,
        count(*) as records,
        sum(net) * {{ units }} as cents
    from (
        select prefix, net from transactions
        union all
        select prefix, net from voided
    ) as lines
    group by prefix
    union all
    select
        'tax in its charge' as kind,
        count(*) as records,
        sum(cents) as cents
    from (
        select (total - net) * {{ units }} as cents
        from transactions
        where total <> net
        union all
        select
            round(price * quantity * tax / 100, {{ var('money_decimals') }}) * {{ units }} as cents
        from {{ ref('invoices_items') }}
        where deleted = '1' and tax <> 0
    ) as taxes
    union all
    select
        'payers' as kind,
        count(distinct split_part(_sonar_key, ':', 1)) as records,
        sum(amount) * {{ units }} as cents
    from {{ ref('invoice_payers') }}
    where invoice_id is not null
),

final as (
    select
        sonar.kind,
        sonar.records as sonar_records,
        coalesce(marts.records, 0) as mart_records,
        coalesce(sonar.cents, 0) as sonar_cents,
        coalesce(marts.cents, 0) as mart_cents
    from sonar
    left join marts on sonar.kind = marts.kind
    where
        sonar.records <> coalesce(marts.records, 0)
        or coalesce(sonar.cents, 0) <> coalesce(marts.cents, 0)
)

select * from final
