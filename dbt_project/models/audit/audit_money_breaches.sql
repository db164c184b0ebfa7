-- Where the marts contradict themselves or the records that they were made of, by name. Read from the
-- marts and from Sonar's records alone. None may be left: acceptance refuses a single one.
{% set cents = 10 ** var('money_decimals') %}
{% set decimals = var('money_decimals') %}
with transactions as (
    select
        *,
        to_invoice = '1' and invoice_id is null as is_future,
        split_part(_sonar_key, ':', 1) as kind,
        split_part(_sonar_key, ':', 2) as record_key
    from {{ ref('billing_transactions') }}
),

invoices as (
    select * from {{ ref('invoices') }}
),

items as (
    select
        *,
        price * quantity as net,
        round(price * quantity * (1 + tax / 100), {{ decimals }}) as total
    from {{ ref('invoices_items') }}
),

payments as (
    select * from {{ ref('payments') }}
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

of_invoices as (
    select
        named.breach,
        'invoices' as splynx_table,
        invoices._sonar_key,
        named.found,
        named.expected
    from invoices
    left join item_sums on invoices.id = item_sums.invoice_id
    left join invoice_transactions on invoices.id = invoice_transactions.invoice_id
    left join invoice_payments on invoices.id = invoice_payments.invoice_id
    cross join lateral (
        values
        (
            'invoice_total_is_not_its_items',
            invoices.total <> coalesce(item_sums.total, 0),
            invoices.total,
            coalesce(item_sums.total, 0)
        ),
        (
            'invoice_total_is_not_its_transactions',
            invoices.deleted = '0'
            and invoices.total <> coalesce(invoice_transactions.total, 0),
            invoices.total,
            coalesce(invoice_transactions.total, 0)
        ),
        (
            'deleted_invoice_has_transactions',
            invoices.deleted = '1' and invoice_transactions.total is not null,
            invoice_transactions.total,
            0
        ),
        (
            'invoice_due_is_not_what_is_unpaid',
            invoices.deleted = '0'
            and invoices.due <> invoices.total - coalesce(invoice_payments.amount, 0),
            invoices.due,
            invoices.total - coalesce(invoice_payments.amount, 0)
        ),
        (
            'invoice_is_paid_beyond_its_total',
            coalesce(invoice_payments.amount, 0) > invoices.total,
            invoice_payments.amount,
            invoices.total
        ),
        (
            'invoice_status_is_not_its_due',
            invoices.status <> case
                when invoices.deleted = '1' then 'deleted'
                when invoices.due = 0 then 'paid'
                else 'not_paid'
            end,
            invoices.due,
            null
        ),
        ('invoice_below_zero', invoices.total < 0 or invoices.due < 0, invoices.due, 0)
    ) as named (breach, holds, found, expected)
    where named.holds
),

item_transactions as (
    select
        items._sonar_key,
        items.total,
        items.period_from,
        items.period_to,
        items.deleted,
        transactions.total as transaction_total,
        transactions.period_from as transaction_from,
        transactions.period_to as transaction_to,
        transactions.invoice_id = items.invoice_id as is_of_invoice
    from items
    left join transactions on items.transaction_id = transactions.id
),

of_items as (
    select
        named.breach,
        'invoices_items' as splynx_table,
        item_transactions._sonar_key,
        item_transactions.total as found,
        item_transactions.transaction_total as expected
    from item_transactions
    cross join lateral (
        values
        (
            'item_total_is_not_its_transaction',
            item_transactions.deleted = '0'
            and item_transactions.total is distinct from item_transactions.transaction_total
        ),
        (
            'item_and_transaction_are_of_two_invoices',
            item_transactions.deleted = '0' and item_transactions.is_of_invoice is not true
        ),
        (
            'item_period_is_not_its_transactions',
            item_transactions.deleted = '0'
            and (
                item_transactions.period_from is distinct from item_transactions.transaction_from
                or item_transactions.period_to is distinct from item_transactions.transaction_to
            )
        ),
        ('period_ends_before_it_begins', item_transactions.period_to < item_transactions.period_from)
    ) as named (breach, holds)
    where named.holds
),

of_transactions as (
    select
        named.breach,
        'billing_transactions' as splynx_table,
        transactions._sonar_key,
        transactions.total as found,
        named.expected
    from transactions
    cross join lateral (
        values
        (
            'transaction_total_is_not_quantity_times_price_with_tax',
            transactions.total <> round(
                transactions.quantity * transactions.price
                * (1 + transactions.tax_percent / 100), {{ decimals }}
            ),
            round(
                transactions.quantity * transactions.price
                * (1 + transactions.tax_percent / 100), {{ decimals }}
            )
        ),
        ('transaction_below_zero', transactions.total < 0, 0),
        (
            'sign_flipped',
            transactions.kind <> 'opening'
            and transactions.type <> case
                when transactions.kind in ('payment', 'discount', 'transfer_credit') then 'credit'
                when transactions.kind = 'tax'
                    then
                        case
                            when transactions.category = {{ var('discount_category') }} then 'credit'
                            else 'debit'
                        end
                else 'debit'
            end,
            null
        ),
        (
            'charge_without_invoice_is_counted',
            transactions.kind = 'debit'
            and transactions.invoice_id is null
            and transactions.to_invoice <> '1',
            0
        )
    ) as named (breach, holds, expected)
    where named.holds
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
        transactions.record_key,
        sum(transactions.quantity * transactions.price) as net,
        sum(transactions.total) as total,
        min(transactions.date) as date,
        min(transactions.period_from) as period_from,
        min(transactions.period_to) as period_to
    from transactions
    where transactions.kind = 'debit'
    group by transactions.record_key
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

of_charges as (
    select
        named.breach,
        'billing_transactions' as splynx_table,
        'debit:' || charges.record_key as _sonar_key,
        named.found,
        named.expected
    from charges
    inner join {{ ref('stg_sonar__debits') }} as debits on charges.record_key = debits._sonar_key
    left join charge_taxes on charges.record_key = charge_taxes.record_key
    left join {{ ref('stg_sonar__invoices') }} as stated
        on debits.sonar_invoice_id = stated.sonar_invoice_id
    cross join lateral (
        values
        (
            'charge_is_not_the_records',
            charges.net * {{ cents }} <> debits.amount_cents,
            charges.net,
            debits.amount_cents / {{ cents }}.0
        ),
        (
            'tax_is_not_the_records',
            (charges.total - charges.net + coalesce(charge_taxes.total, 0)) * {{ cents }}
            <> coalesce(charge_taxes.cents, 0),
            charges.total - charges.net + coalesce(charge_taxes.total, 0),
            coalesce(charge_taxes.cents, 0) / {{ cents }}.0
        ),
        (
            'charge_is_of_another_day',
            charges.date <> stated.invoice_date,
            null,
            null
        ),
        (
            'period_is_not_the_records',
            debits.prorated_from <= debits.prorated_to
            and (
                charges.period_from is distinct from debits.prorated_from
                or charges.period_to is distinct from debits.prorated_to
            ),
            null,
            null
        )
    ) as named (breach, holds, found, expected)
    where named.holds
),

of_records as (
    select
        named.breach,
        'billing_transactions' as splynx_table,
        transactions._sonar_key,
        transactions.total as found,
        named.cents / {{ cents }}.0 as expected
    from transactions
    left join {{ ref('stg_sonar__payments') }} as paid
        on transactions.kind = 'payment' and transactions.record_key = paid._sonar_key
    left join {{ ref('stg_sonar__discounts') }} as discounted
        on transactions.kind = 'discount' and transactions.record_key = discounted._sonar_key
    left join {{ ref('stg_sonar__credits') }} as applied
        on
            transactions.kind in ('transfer_debit', 'transfer_credit')
            and transactions.record_key = applied._sonar_key
    cross join lateral (
        values
        ('payment_is_not_the_records', paid.amount_cents),
        ('discount_is_not_the_records', discounted.amount_cents),
        ('transfer_is_not_the_records', applied.amount_cents)
    ) as named (breach, cents)
    where transactions.total * {{ cents }} <> named.cents
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
