-- The position of each account in both systems. Sonar's side is what it states; Splynx's side is
-- read from the marts alone. What is owed counts as positive on both.
{% set ages = ['due_0', 'due_30', 'due_60', 'due_90'] %}
{% set age = "case
            when cutover.cutover_date - {day} >= 90 then 'due_90'
            when cutover.cutover_date - {day} >= 60 then 'due_60'
            when cutover.cutover_date - {day} >= 30 then 'due_30'
            else 'due_0'
        end" %}
{% set causes = [
    'account_missing',
    'customer_excluded',
    'customer_rejected',
    'record_excluded',
    'record_rejected',
    'invoice_disagrees_with_its_records',
    'payment_disagrees_with_its_records',
    'discount_disagrees_with_its_records',
] %}
{% set cents = 10 ** var('money_decimals') %}
with cutover as (
    select cutover_date from {{ ref('int_services__cutover') }}
),

of_sonar_invoices as (
    select
        invoices.sonar_account_id,
        sum(invoices.stated_due_cents) as due_cents,
        sum(invoices.stated_taxes_cents) as tax_cents,
        sum(invoices.taxes_cents) as tax_of_records_cents,
        {% for name in ages %}
            sum(invoices.stated_due_cents)
                filter (where {{ age.replace('{day}', 'invoices.due_date') }} = '{{ name }}')
                as {{ name }}_cents,
        {% endfor %}
        max(invoices.invoice_date) as last_invoice_date,
        (
            array_agg(
                invoices.stated_debits_cents + invoices.stated_taxes_cents
                order by invoices.invoice_date desc, invoices.sonar_invoice_id desc
            )
        )[1] as last_invoice_cents
    from {{ ref('audit_sonar_invoices') }} as invoices
    cross join cutover
    where not invoices.is_void
    group by invoices.sonar_account_id
),

of_sonar_payers as (
    select
        sonar_account_id,
        sum(stated_remaining_cents) filter (where collection = 'payments') as payments_cents,
        sum(stated_remaining_cents) filter (where collection = 'discounts') as discounts_cents
    from {{ ref('audit_sonar_payers') }}
    where is_usable
    group by sonar_account_id
),

of_sonar_pending as (
    select
        sonar_account_id,
        sum(cents) as cents
    from {{ ref('audit_sonar_legs') }}
    where is_pending
    group by sonar_account_id
),

of_ledgers as (
    select distinct on (sonar_account_id)
        sonar_account_id,
        running_balance_cents as cents
    from {{ ref('stg_sonar__transactions') }}
    order by sonar_account_id, booked_at desc nulls last, sonar_transaction_id desc
),

customers as (
    select
        _sonar_key as _customer_key,
        id
    from {{ ref('customers') }}
),

of_billing as (
    select
        _customer_key,
        -deposit * {{ cents }} as balance_cents
    from {{ ref('customer_billing') }}
),

of_transactions as (
    select
        transactions.customer_id,
        sum(transactions.total) filter (where transactions.is_future) * {{ cents }}
            as pending_cents,
        sum(transactions.remind_amount) filter (
            where
                transactions.type = 'credit'
                and transactions.category = {{ var('discount_category') }}
                and transactions.credit_note_id is null
        ) * {{ cents }} as discounts_cents,
        {% if var('money_method') == 'opening_balance' %}
            {% for name in ages %}
                sum(transactions.total) filter (
                    where
                        transactions.type = 'debit'
                        and not transactions.is_future
                        and {{ age.replace('{day}', 'transactions.date') }} = '{{ name }}'
                ) * {{ cents }} as {{ name }}_cents,
            {% endfor %}
            sum(transactions.total) filter (
                where
                    transactions.type = 'credit'
                    and transactions._sonar_key like 'opening:%:unapplied_payments'
            ) * {{ cents }} as opening_payments_cents,
            sum(transactions.total) filter (
                where
                    transactions.type = 'credit'
                    and transactions._sonar_key like 'opening:%:unapplied_discounts'
            ) * {{ cents }} as opening_discounts_cents
        {% else %}
            0 as opening_payments_cents,
            0 as opening_discounts_cents
        {% endif %}
    from (
        select
            *,
            to_invoice = '1' and invoice_id is null as is_future
        from {{ ref('billing_transactions') }}
    ) as transactions
    cross join cutover
    group by transactions.customer_id
),

of_invoices as (
    select
        invoices.customer_id,
        {% for name in ages %}
            sum(invoices.due)
                filter (where {{ age.replace('{day}', 'invoices.date_till') }} = '{{ name }}')
                * {{ cents }} as {{ name }}_cents,
        {% endfor %}
        max(invoices.date_created) as last_invoice_date,
        (array_agg(invoices.total order by invoices.date_created desc, invoices.id desc))[1]
        * {{ cents }} as last_invoice_cents
    from {{ ref('invoices') }} as invoices
    cross join cutover
    where invoices.deleted = '0'
    group by invoices.customer_id
),

-- Tax is the percentage of a line, or a line that is nothing but tax.
of_items as (
    select
        invoices.customer_id,
        sum(
            case
                when items._sonar_key like 'tax:%' then items.price * items.quantity
                else round(
                    items.price * items.quantity * items.tax / 100, {{ var('money_decimals') }}
                )
            end
        ) * {{ cents }} as tax_cents
    from {{ ref('invoices_items') }} as items
    inner join {{ ref('invoices') }} as invoices on items.invoice_id = invoices.id
    where items.deleted = '0'
    group by invoices.customer_id
),

of_payments as (
    select
        customer_id,
        sum(remind_amount) * {{ cents }} as cents
    from {{ ref('payments') }}
    group by customer_id
),

of_credit_notes as (
    select
        customer_id,
        sum(remind_amount) * {{ cents }} as cents
    from {{ ref('credit_notes') }}
    group by customer_id
),

in_splynx as (
    select
        customers._customer_key,
        of_billing.balance_cents,
        of_transactions.pending_cents,
        coalesce(of_payments.cents, 0) + coalesce(of_transactions.opening_payments_cents, 0)
            as payments_cents,
        coalesce(of_transactions.discounts_cents, 0)
        + coalesce(of_credit_notes.cents, 0)
        + coalesce(of_transactions.opening_discounts_cents, 0) as discounts_cents,
        {% for name in ages %}
            {{ 'of_transactions' if var('money_method') == 'opening_balance' else 'of_invoices' }}
            .{{ name }}_cents,
        {% endfor %}
        of_invoices.last_invoice_date,
        of_invoices.last_invoice_cents,
        of_items.tax_cents
    from customers
    left join of_billing on customers._customer_key = of_billing._customer_key
    left join of_transactions on customers.id = of_transactions.customer_id
    left join of_invoices on customers.id = of_invoices.customer_id
    left join of_items on customers.id = of_items.customer_id
    left join of_payments on customers.id = of_payments.customer_id
    left join of_credit_notes on customers.id = of_credit_notes.customer_id
),

causes as (
    select
        _customer_key,
        sum(cents) filter (where not is_pending) as explained_cents,
        sum(cents) filter (where is_pending) as explained_pending_cents,
        string_agg(distinct cause, ', ' order by cause) as cause,
        {% for name in causes %}
            sum(cents) filter (where cause = '{{ name }}') as {{ name }}_cents{% if not loop.last %},{% endif %}
        {% endfor %}
    from {{ ref('audit_money_differences') }}
    group by _customer_key
),

accounts as (
    select _sonar_key as _customer_key from {{ ref('stg_sonar__accounts') }}
    union
    select sonar_account_id::text as _customer_key from of_sonar_invoices
    union
    select sonar_account_id::text as _customer_key from of_sonar_payers
    union
    select sonar_account_id::text as _customer_key from of_sonar_pending
    union
    select sonar_account_id::text as _customer_key from of_ledgers
    union
    select _customer_key from in_splynx
),

joined as (
    select
        accounts._customer_key,
        in_splynx._customer_key is not null as is_loaded,
        coalesce(of_sonar_invoices.due_cents, 0)
        - coalesce(of_sonar_payers.payments_cents, 0)
        - coalesce(of_sonar_payers.discounts_cents, 0) as sonar_balance_cents,
        coalesce(of_sonar_pending.cents, 0) as sonar_pending_cents,
        coalesce(of_sonar_payers.payments_cents, 0) as sonar_unapplied_payments_cents,
        coalesce(of_sonar_payers.discounts_cents, 0) as sonar_unapplied_discounts_cents,
        {% for name in ages %}
            coalesce(of_sonar_invoices.{{ name }}_cents, 0) as sonar_{{ name }}_cents,
        {% endfor %}
        of_sonar_invoices.last_invoice_date as sonar_last_invoice_date,
        of_sonar_invoices.last_invoice_cents as sonar_last_invoice_cents,
        coalesce(of_sonar_invoices.tax_cents, 0) as sonar_tax_cents,
        coalesce(of_sonar_invoices.tax_of_records_cents, 0) as tax_of_records_cents,
        coalesce(of_ledgers.cents, 0) as ledger_balance_cents,
        coalesce(in_splynx.balance_cents, 0) as splynx_balance_cents,
        coalesce(in_splynx.pending_cents, 0) as splynx_pending_cents,
        coalesce(in_splynx.payments_cents, 0) as splynx_unapplied_payments_cents,
        coalesce(in_splynx.discounts_cents, 0) as splynx_unapplied_discounts_cents,
        {% for name in ages %}
            coalesce(in_splynx.{{ name }}_cents, 0) as splynx_{{ name }}_cents,
        {% endfor %}
        in_splynx.last_invoice_date as splynx_last_invoice_date,
        in_splynx.last_invoice_cents as splynx_last_invoice_cents,
        coalesce(in_splynx.tax_cents, 0) as splynx_tax_cents,
        coalesce(causes.explained_cents, 0) as explained_cents,
        coalesce(causes.explained_pending_cents, 0) as explained_pending_cents,
        {% for name in causes %}
            coalesce(causes.{{ name }}_cents, 0) as {{ name }}_cents,
        {% endfor %}
        causes.cause
    from accounts
    left join of_sonar_invoices
        on accounts._customer_key = of_sonar_invoices.sonar_account_id::text
    left join of_sonar_payers on accounts._customer_key = of_sonar_payers.sonar_account_id::text
    left join of_sonar_pending on accounts._customer_key = of_sonar_pending.sonar_account_id::text
    left join of_ledgers on accounts._customer_key = of_ledgers.sonar_account_id::text
    left join in_splynx on accounts._customer_key = in_splynx._customer_key
    left join causes on accounts._customer_key = causes._customer_key
),

-- The same sum can be owed in another way: where no cause says so, its ages, what is not used yet and
-- its tax (that of the records; what is stated beside them is a finding) are the same too.
compared as (
    select
        joined.*,
        joined.splynx_balance_cents - joined.sonar_balance_cents as difference_cents,
        joined.splynx_pending_cents - joined.sonar_pending_cents as pending_difference_cents,
        case
            when joined.is_loaded and joined.cause is null then
                {% for name in ages %}
                    abs(joined.splynx_{{ name }}_cents - joined.sonar_{{ name }}_cents) +
                {% endfor %}
                abs(
                    joined.splynx_unapplied_payments_cents - joined.sonar_unapplied_payments_cents
                ) + abs(
                    joined.splynx_unapplied_discounts_cents
                    - joined.sonar_unapplied_discounts_cents
                )
                {% if var('money_method') == 'history' %}
                    + abs(joined.splynx_tax_cents - joined.tax_of_records_cents)
                {% endif %}
            else 0
        end as misplaced_cents
    from joined
),

final as (
    select
        _customer_key as _sonar_key,
        _customer_key,
        is_loaded,
        {% for side in ['sonar', 'splynx'] %}
            {{ side }}_balance_cents::bigint as {{ side }}_balance_cents,
            {{ side }}_pending_cents::bigint as {{ side }}_pending_cents,
            {{ side }}_unapplied_payments_cents::bigint as {{ side }}_unapplied_payments_cents,
            {{ side }}_unapplied_discounts_cents::bigint as {{ side }}_unapplied_discounts_cents,
            {% for name in ages %}
                {{ side }}_{{ name }}_cents::bigint as {{ side }}_{{ name }}_cents,
            {% endfor %}
            {{ side }}_last_invoice_date,
            {{ side }}_last_invoice_cents::bigint as {{ side }}_last_invoice_cents,
            {{ side }}_tax_cents::bigint as {{ side }}_tax_cents,
        {% endfor %}
        ledger_balance_cents,
        difference_cents::bigint as difference_cents,
        pending_difference_cents::bigint as pending_difference_cents,
        {% for name in causes %}
            {{ name }}_cents::bigint as {{ name }}_cents,
        {% endfor %}
        misplaced_cents::bigint as misplaced_cents,
        (
            abs(difference_cents - explained_cents)
            + abs(pending_difference_cents - explained_pending_cents)
            + misplaced_cents
        )::bigint as unexplained_cents,
        cause
    from compared
)

select * from final
