-- Where the marts contradict themselves or the records that they were made of, by name. Read from
-- the marts and from Sonar's records alone. None may be left: acceptance refuses a single one. A row
-- is judged once by all rules of its table, because each is one of hundreds of thousands.
{% set cents = 10 ** var('money_decimals') %}
{% set decimals = var('money_decimals') %}
{% set invoice_rules = [
    (
        'invoice_total_is_not_its_items',
        'invoices.total <> coalesce(item_sums.total, 0)',
        'checked.total',
        'coalesce(checked.item_total, 0)',
    ),
    (
        'invoice_total_is_not_its_transactions',
        "invoices.deleted = '0' and invoices.total <> coalesce(invoice_transactions.total, 0)",
        'checked.total',
        'coalesce(checked.transaction_total, 0)',
    ),
    (
        'deleted_invoice_has_transactions',
        "invoices.deleted = '1' and invoice_transactions.total is not null",
        'checked.transaction_total',
        '0',
    ),
    (
        'invoice_due_is_not_what_is_unpaid',
        "invoices.deleted = '0'
        and invoices.due <> invoices.total - coalesce(invoice_payments.amount, 0)",
        'checked.due',
        'checked.total - coalesce(checked.paid, 0)',
    ),
    (
        'invoice_is_paid_beyond_its_total',
        'invoice_payments.amount > invoices.total',
        'checked.paid',
        'checked.total',
    ),
    (
        'invoice_status_is_not_its_due',
        "invoices.status <> case
            when invoices.deleted = '1' then 'deleted'
            when invoices.due = 0 then 'paid'
            else 'not_paid'
        end",
        'checked.due',
        'null',
    ),
    ('invoice_below_zero', 'invoices.total < 0 or invoices.due < 0', 'checked.due', '0'),
] %}
{% set item_rules = [
    (
        'item_total_is_not_its_transaction',
        "items.deleted = '0' and items.total is distinct from transactions.total",
    ),
    (
        'item_and_transaction_are_of_two_invoices',
        "items.deleted = '0' and transactions.invoice_id is distinct from items.invoice_id",
    ),
    (
        'item_period_is_not_its_transactions',
        "items.deleted = '0'
        and (
            items.period_from is distinct from transactions.period_from
            or items.period_to is distinct from transactions.period_to
        )",
    ),
    ('period_ends_before_it_begins', 'items.period_to < items.period_from'),
] %}
{% set transaction_rules = [
    (
        'transaction_total_is_not_quantity_times_price_with_tax',
        'total <> computed_total',
        'checked.computed_total',
    ),
    ('transaction_below_zero', 'total < 0', '0'),
    (
        'sign_flipped',
        "type <> case
            when kind = 'opening' then type
            when kind in ('payment', 'discount', 'transfer_credit') then 'credit'
            when kind = 'tax' and category = " ~ var('discount_category') ~ " then 'credit'
            else 'debit'
        end",
        'null',
    ),
    (
        'charge_without_invoice_is_counted',
        "kind = 'debit' and invoice_id is null and to_invoice <> '1'",
        '0',
    ),
] %}
{% set charge_rules = [
    (
        'charge_is_not_the_records',
        'charges.net * ' ~ cents ~ ' <> debits.amount_cents',
        'checked.net',
        'checked.amount_cents / ' ~ cents ~ '.0',
    ),
    (
        'tax_is_not_the_records',
        '(charges.total - charges.net + coalesce(charge_taxes.total, 0)) * ' ~ cents
        ~ ' <> coalesce(charge_taxes.cents, 0)',
        'checked.tax',
        'coalesce(checked.tax_cents, 0) / ' ~ cents ~ '.0',
    ),
    ('charge_is_of_another_day', 'charges.date <> stated.invoice_date', 'null', 'null'),
    (
        'period_is_not_the_records',
        'debits.prorated_from <= debits.prorated_to
        and (
            charges.period_from is distinct from debits.prorated_from
            or charges.period_to is distinct from debits.prorated_to
        )',
        'null',
        'null',
    ),
] %}
with transactions as (
    select
        _sonar_key,
        id,
        customer_id,
        type,
        quantity,
        price,
        total,
        date,
        category,
        period_from,
        period_to,
        to_invoice,
        payment_id,
        invoice_id,
        credit_note_id,
        to_invoice = '1' and invoice_id is null as is_future,
        split_part(_sonar_key, ':', 1) as kind,
        split_part(_sonar_key, ':', 2) as record_key,
        case
            when tax_percent = 0 then quantity * price
            else round(quantity * price * (1 + tax_percent / 100), {{ decimals }})
        end as computed_total
    from {{ ref('billing_transactions') }}
),

invoices as (
    select
        _sonar_key,
        id,
        total,
        due,
        status,
        deleted
    from {{ ref('invoices') }}
),

items as (
    select
        _sonar_key,
        invoice_id,
        transaction_id,
        period_from,
        period_to,
        deleted,
        case
            when tax = 0 then quantity * price
            else round(quantity * price * (1 + tax / 100), {{ decimals }})
        end as total
    from {{ ref('invoices_items') }}
),

payments as (
    select
        _sonar_key,
        id,
        transaction_id,
        amount,
        remind_amount
    from {{ ref('payments') }}
),

credit_notes as (
    select * from {{ ref('credit_notes') }}
),

payers as (
    select * from {{ ref('invoice_payers') }}
),

deposits as (
    select
        customer_id,
        sum(case type when 'credit' then total else -total end) as deposit
    from transactions
    where not is_future
    group by customer_id
),

of_deposits as (
    select
        'deposit_is_not_credits_minus_debits' as breach,
        'customer_billing' as splynx_table,
        billing._sonar_key,
        coalesce(billing.deposit, 0) as found,
        coalesce(deposits.deposit, 0) as expected
    from {{ ref('customer_billing') }} as billing
    left join deposits on billing.customer_id = deposits.customer_id
    where coalesce(billing.deposit, 0) <> coalesce(deposits.deposit, 0)
),

item_sums as (
    select
        invoice_id,
        sum(total) as total
    from items
    group by invoice_id
),

invoice_transactions as (
    select
        invoice_id,
        sum(total) as total
    from transactions
    where invoice_id is not null and type = 'debit'
    group by invoice_id
),

invoice_payments as (
    select
        invoice_id,
        sum(amount) as amount
    from payers
    where invoice_id is not null
    group by invoice_id
),

checked_invoices as (
    select
        invoices._sonar_key,
        invoices.total,
        invoices.due,
        item_sums.total as item_total,
        invoice_transactions.total as transaction_total,
        invoice_payments.amount as paid,
        array_remove(array[
            {% for rule in invoice_rules %}
                case when {{ rule[1] }} then '{{ rule[0] }}' end{% if not loop.last %},{% endif %}
            {% endfor %}
        ], null) as breaches
    from invoices
    left join item_sums on invoices.id = item_sums.invoice_id
    left join invoice_transactions on invoices.id = invoice_transactions.invoice_id
    left join invoice_payments on invoices.id = invoice_payments.invoice_id
),

of_invoices as (
    select
        named.breach,
        'invoices' as splynx_table,
        checked._sonar_key,
        case named.breach
            {% for rule in invoice_rules %}
                when '{{ rule[0] }}' then {{ rule[2] }}
            {% endfor %}
        end as found,
        case named.breach
            {% for rule in invoice_rules %}
                when '{{ rule[0] }}' then {{ rule[3] }}
            {% endfor %}
        end as expected
    from checked_invoices as checked
    cross join lateral unnest(checked.breaches) as named (breach)
    where checked.breaches <> '{}'
),

checked_items as (
    select
        items._sonar_key,
        items.total,
        transactions.total as transaction_total,
        array_remove(array[
            {% for rule in item_rules %}
                case when {{ rule[1] }} then '{{ rule[0] }}' end{% if not loop.last %},{% endif %}
            {% endfor %}
        ], null) as breaches
    from items
    left join transactions on items.transaction_id = transactions.id
),

of_items as (
    select
        named.breach,
        'invoices_items' as splynx_table,
        checked._sonar_key,
        checked.total as found,
        checked.transaction_total as expected
    from checked_items as checked
    cross join lateral unnest(checked.breaches) as named (breach)
    where checked.breaches <> '{}'
),

checked_transactions as (
    select
        _sonar_key,
        total,
        computed_total,
        array_remove(array[
            {% for rule in transaction_rules %}
                case when {{ rule[1] }} then '{{ rule[0] }}' end{% if not loop.last %},{% endif %}
            {% endfor %}
        ], null) as breaches
    from transactions
),

of_transactions as (
    select
        named.breach,
        'billing_transactions' as splynx_table,
        checked._sonar_key,
        checked.total as found,
        case named.breach
            {% for rule in transaction_rules %}
                when '{{ rule[0] }}' then {{ rule[2] }}
            {% endfor %}
        end as expected
    from checked_transactions as checked
    cross join lateral unnest(checked.breaches) as named (breach)
    where checked.breaches <> '{}'
),

payer_sums as (
    select
        type,
        payer_id,
        sum(amount) as amount
    from payers
    group by type, payer_id
),

of_payers as (
    select
        named.breach,
        named.splynx_table,
        named._sonar_key,
        named.found,
        named.expected
    from payments
    left join payer_sums on payments.id = payer_sums.payer_id and payer_sums.type = 'payment'
    cross join lateral (
        values
        (
            'payment_pays_more_than_it_is',
            'payments',
            payments._sonar_key,
            payments.amount > 0 and payer_sums.amount > payments.amount,
            payer_sums.amount,
            payments.amount
        ),
        (
            'payment_rest_is_not_what_it_has_left',
            'payments',
            payments._sonar_key,
            payments.amount > 0
            and payments.remind_amount <> payments.amount - coalesce(payer_sums.amount, 0),
            payments.remind_amount,
            payments.amount - coalesce(payer_sums.amount, 0)
        )
    ) as named (breach, splynx_table, _sonar_key, holds, found, expected)
    where named.holds
    union all
    select
        named.breach,
        'credit_notes' as splynx_table,
        credit_notes._sonar_key,
        named.found,
        named.expected
    from credit_notes
    left join payer_sums
        on credit_notes.id = payer_sums.payer_id and payer_sums.type = 'credit_note'
    left join (
        select
            credit_note_id,
            sum(round(price * quantity * (1 + tax / 100), {{ decimals }})) as total
        from {{ ref('credit_notes_items') }}
        group by credit_note_id
    ) as note_items on credit_notes.id = note_items.credit_note_id
    left join (
        select
            credit_note_id,
            sum(total) as total
        from transactions
        where credit_note_id is not null and type = 'credit'
        group by credit_note_id
    ) as note_transactions on credit_notes.id = note_transactions.credit_note_id
    cross join lateral (
        values
        (
            'credit_note_pays_more_than_it_is',
            payer_sums.amount > credit_notes.total,
            payer_sums.amount,
            credit_notes.total
        ),
        (
            'credit_note_rest_is_not_what_it_has_left',
            credit_notes.remind_amount <> credit_notes.total - coalesce(payer_sums.amount, 0),
            credit_notes.remind_amount,
            credit_notes.total - coalesce(payer_sums.amount, 0)
        ),
        (
            'credit_note_total_is_not_its_items',
            credit_notes.total is distinct from note_items.total,
            credit_notes.total,
            note_items.total
        ),
        (
            'credit_note_total_is_not_its_transactions',
            credit_notes.total is distinct from note_transactions.total,
            credit_notes.total,
            note_transactions.total
        )
    ) as named (breach, holds, found, expected)
    where named.holds
    union all
    select
        'transaction_pays_more_than_it_is' as breach,
        'billing_transactions' as splynx_table,
        transactions._sonar_key,
        payer_sums.amount as found,
        transactions.total as expected
    from transactions
    inner join payer_sums
        on transactions.id = payer_sums.payer_id and payer_sums.type = 'transaction'
    where payer_sums.amount > transactions.total
),

of_receipts as (
    select
        case
            when transactions.id is null then 'payment_without_transaction'
            else 'payment_is_not_its_transaction'
        end as breach,
        'payments' as splynx_table,
        payments._sonar_key,
        payments.amount as found,
        case transactions.type when 'credit' then transactions.total else -transactions.total end
            as expected
    from payments
    left join transactions on payments.transaction_id = transactions.id
    where
        transactions.id is null
        or payments.amount
        <> case transactions.type when 'credit' then transactions.total else -transactions.total end
),

of_receipts_twice as (
    select
        'payment_is_counted_twice' as breach,
        'billing_transactions' as splynx_table,
        max(_sonar_key) as _sonar_key,
        sum(total) as found,
        min(total) as expected
    from transactions
    where payment_id is not null
    group by payment_id
    having count(*) > 1
),

transfers as (
    select
        record_key,
        sum(total) filter (where kind = 'transfer_debit') as gone,
        sum(total) filter (where kind = 'transfer_credit') as come
    from transactions
    where kind in ('transfer_debit', 'transfer_credit')
    group by record_key
),

of_transfers as (
    select
        'transfer_is_one_sided' as breach,
        'billing_transactions' as splynx_table,
        'credit ' || record_key as _sonar_key,
        come as found,
        gone as expected
    from transfers
    where come is distinct from gone
),

-- The marts beside the records: every row that bears a record's key has the record's cents.
charges as (
    select
        record_key,
        quantity * price as net,
        total,
        date,
        period_from,
        period_to
    from transactions
    where kind = 'debit'
),

charge_taxes as (
    select
        taxes.sonar_owner_id::text as record_key,
        sum(taxes.amount_cents) filter (where taxes.amount_cents > 0) as cents,
        sum(transactions.total) as total
    from {{ ref('stg_sonar__tax_transactions') }} as taxes
    left join transactions
        on transactions.kind = 'tax' and taxes._sonar_key = transactions.record_key
    where taxes.owner_type = 'Debit'
    group by taxes.sonar_owner_id
),

checked_charges as (
    select
        charges.record_key,
        charges.net,
        debits.amount_cents,
        charges.total - charges.net + coalesce(charge_taxes.total, 0) as tax,
        charge_taxes.cents as tax_cents,
        array_remove(array[
            {% for rule in charge_rules %}
                case when {{ rule[1] }} then '{{ rule[0] }}' end{% if not loop.last %},{% endif %}
            {% endfor %}
        ], null) as breaches
    from charges
    inner join {{ ref('stg_sonar__debits') }} as debits on charges.record_key = debits._sonar_key
    left join charge_taxes on charges.record_key = charge_taxes.record_key
    left join {{ ref('stg_sonar__invoices') }} as stated
        on debits.sonar_invoice_id = stated.sonar_invoice_id
),

of_charges as (
    select
        named.breach,
        'billing_transactions' as splynx_table,
        'debit:' || checked.record_key as _sonar_key,
        case named.breach
            {% for rule in charge_rules %}
                when '{{ rule[0] }}' then {{ rule[2] }}
            {% endfor %}
        end as found,
        case named.breach
            {% for rule in charge_rules %}
                when '{{ rule[0] }}' then {{ rule[3] }}
            {% endfor %}
        end as expected
    from checked_charges as checked
    cross join lateral unnest(checked.breaches) as named (breach)
    where checked.breaches <> '{}'
),

of_records as (
    {% for kinds, breach, staged in [
        ("'payment'", 'payment_is_not_the_records', 'stg_sonar__payments'),
        ("'discount'", 'discount_is_not_the_records', 'stg_sonar__discounts'),
        (
            "'transfer_debit', 'transfer_credit'",
            'transfer_is_not_the_records',
            'stg_sonar__credits',
        ),
    ] %}
        select
            '{{ breach }}' as breach,
            'billing_transactions' as splynx_table,
            transactions._sonar_key,
            transactions.total as found,
            records.amount_cents / {{ cents }}.0 as expected
        from transactions
        inner join {{ ref(staged) }} as records on transactions.record_key = records._sonar_key
        where
            transactions.kind in ({{ kinds }})
            and transactions.total * {{ cents }} <> records.amount_cents
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

of_takings as (
    select
        case
            when takings._sonar_key is null then 'taken_back_twice'
            else 'taken_back_is_not_the_records'
        end as breach,
        'billing_transactions' as splynx_table,
        transactions._sonar_key,
        transactions.total as found,
        coalesce(takings.amount_cents, 0) / {{ cents }}.0 as expected
    from transactions
    left join {{ ref('audit_sonar_takings') }} as takings
        on
            transactions.record_key || ':' || split_part(transactions._sonar_key, ':', 3)
            = case takings.collection
                when 'reversed_payments' then 'reversal'
                when 'refunded_payments' then 'refund'
                else 'void'
            end || ':' || takings._sonar_key
            and takings.stands
    where
        transactions.kind = 'taken_back'
        and transactions.total * {{ cents }} <> coalesce(takings.amount_cents, 0)
),

final as (
    {% for rows in [
        'of_deposits',
        'of_invoices',
        'of_items',
        'of_transactions',
        'of_payers',
        'of_receipts',
        'of_receipts_twice',
        'of_transfers',
        'of_charges',
        'of_records',
        'of_takings',
    ] %}
        select
            breach,
            splynx_table,
            _sonar_key,
            found::numeric as found,
            expected::numeric as expected
        from {{ rows }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select * from final
