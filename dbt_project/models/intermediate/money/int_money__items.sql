-- Every line of an invoice: the charges, then those taxes that are no part of a charge's line.
with debits as (
    select *
    from {{ ref('int_money__debits') }}
    where sonar_invoice_id is not null and exclude_rule is null and reject_reason is null
),

taxes as (
    select *
    from {{ ref('int_money__taxes') }}
    where
        sonar_invoice_id is not null      -- so the tax is a charge's, not a discount's
        and merge_rule is null
        and exclude_rule is null
        and reject_reason is null
),

lines as (
    select
        'debit:' || _sonar_key as _sonar_key,
        _customer_key,
        sonar_invoice_id,
        1 as kind,
        sonar_debit_id as sonar_line_id,
        is_on_void_invoice,
        description,
        quantity,
        unit_price,
        coalesce(folded_rate, 0) as tax_percent,
        folded_tax_key as tax_key,
        total_cents,
        period_from,
        period_to
    from debits
    union all
    select
        'tax:' || _sonar_key as _sonar_key,
        _customer_key,
        sonar_invoice_id,
        2 as kind,
        sonar_tax_transaction_id as sonar_line_id,
        is_on_void_invoice,
        description,
        1 as quantity,
        {{ money('amount_cents') }} as unit_price,
        0 as tax_percent,
        null as tax_key,
        amount_cents as total_cents,
        null as period_from,
        null as period_to
    from taxes
),

final as (
    select
        _sonar_key,
        _customer_key,
        sonar_invoice_id,
        row_number() over (
            partition by sonar_invoice_id
            order by kind, sonar_line_id
        ) as pos,
        is_on_void_invoice,
        description,
        quantity,
        unit_price,
        tax_percent,
        tax_key,
        total_cents,
        period_from,
        period_to,
        null::text as exclude_rule,
        null::text as reject_reason
    from lines
)

select * from final
