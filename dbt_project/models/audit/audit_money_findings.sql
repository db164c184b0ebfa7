-- Where Sonar contradicts itself: every record and account whose stated cents are not those of its
-- own records, and every record that its rules do not allow. Nothing is mended: what is loaded
-- follows the records, and the difference stands in audit_money_position. Not materialized: each
-- reader takes a few columns of tables that are wide.
with invoices as not materialized (
    select * from {{ ref('audit_sonar_invoices') }}
),

payers as not materialized (
    select * from {{ ref('audit_sonar_payers') }}
),

takings as (
    select * from {{ ref('audit_sonar_takings') }}
),

debits as not materialized (
    select * from {{ ref('stg_sonar__debits') }}
),

discounts as not materialized (
    select * from {{ ref('stg_sonar__discounts') }}
),

taxes as not materialized (
    select * from {{ ref('stg_sonar__tax_transactions') }}
),

of_invoices as (
    select
        named.finding,
        'invoices' as collection,
        invoices._sonar_key,
        invoices.sonar_account_id,
        named.stated_cents,
        named.computed_cents
    from invoices
    cross join lateral (
        values
        (
            'invoice_debits_disagree',
            not invoices.is_void and invoices.stated_debits_cents <> invoices.debits_cents,
            invoices.stated_debits_cents,
            invoices.debits_cents
        ),
        (
            'invoice_taxes_disagree',
            not invoices.is_void and invoices.stated_taxes_cents <> invoices.taxes_cents,
            invoices.stated_taxes_cents,
            invoices.taxes_cents
        ),
        (
            'invoice_due_disagrees',
            not invoices.is_void and invoices.stated_due_cents <> invoices.due_cents,
            invoices.stated_due_cents,
            invoices.due_cents
        ),
        (
            'invoice_over_applied',
            not invoices.is_void
            and invoices.applied_cents > invoices.debits_cents + invoices.taxes_cents,
            invoices.applied_cents,
            invoices.debits_cents + invoices.taxes_cents
        ),
        (
            'void_invoice_is_due',
            invoices.is_void and invoices.stated_due_cents <> 0,
            invoices.stated_due_cents,
            0
        )
    ) as named (finding, holds, stated_cents, computed_cents)
    where named.holds
),

of_payers as (
    select
        named.finding,
        payers.collection,
        payers._sonar_key,
        payers.sonar_account_id,
        named.stated_cents,
        named.computed_cents
    from payers
    cross join lateral (
        values
        (
            case payers.collection
                when 'payments' then 'payment_remaining_disagrees'
                else 'discount_remaining_disagrees'
            end,
            payers.is_usable and payers.stated_remaining_cents <> payers.remaining_cents,
            payers.stated_remaining_cents,
            payers.remaining_cents
        ),
        (
            case payers.collection
                when 'payments' then 'payment_over_applied'
                else 'discount_over_applied'
            end,
            payers.is_usable
            and payers.applied_cents > 0
            and payers.remaining_cents < 0
            and payers.taken_back_cents <= payers.amount_cents,
            payers.applied_cents,
            payers.applied_cents + payers.remaining_cents
        ),
        (
            'taken_back_exceeds_payment',
            payers.is_usable and payers.taken_back_cents > payers.amount_cents,
            payers.taken_back_cents,
            payers.amount_cents
        ),
        (
            'taken_back_of_unsuccessful_payment',
            not payers.is_usable and payers.taken_back_cents <> 0,
            payers.taken_back_cents,
            0
        )
    ) as named (finding, holds, stated_cents, computed_cents)
    where named.holds
),

of_credits as (
    select
        named.finding,
        'credits' as collection,
        credits._sonar_key,
        credits.sonar_account_id,
        credits.amount_cents as stated_cents,
        0 as computed_cents
    from {{ ref('stg_sonar__credits') }} as credits
    left join invoices on credits.sonar_invoice_id = invoices.sonar_invoice_id
    left join payers
        on
            credits.payer_type = payers.payer_type
            and credits.sonar_payer_id = payers.sonar_payer_id
    cross join lateral (
        values
        ('credit_on_void_invoice', invoices.is_void),
        ('credit_without_invoice', invoices.sonar_invoice_id is null),
        ('credit_without_payer', payers.sonar_payer_id is null),
        (
            case payers.collection
                when 'payments' then 'credit_of_unsuccessful_payment'
                else 'credit_of_reversed_discount'
            end,
            not payers.is_usable
        ),
        ('credit_not_above_zero', credits.amount_cents <= 0)
    ) as named (finding, holds)
    where not credits.is_void and named.holds
),

of_takings as (
    select
        case when payers.sonar_payer_id is null then 'taken_back_without_payment'
            else 'refund_without_reversal' end as finding,
        takings.collection,
        takings._sonar_key,
        payers.sonar_account_id,
        takings.amount_cents as stated_cents,
        0 as computed_cents
    from takings
    left join payers
        on takings.sonar_payment_id = payers.sonar_payer_id and payers.payer_type = 'Payment'
    where
        payers.sonar_payer_id is null
        or (takings.stands and takings.collection = 'refunded_payments')
),

-- A charge that was taken back while it was on an invoice has a discount of the same cents.
of_reversed_debits as (
    select
        'reversed_debit_without_discount' as finding,
        'debits' as collection,
        debits._sonar_key,
        debits.sonar_account_id,
        debits.amount_cents as stated_cents,
        0 as computed_cents
    from debits
    inner join invoices
        on debits.sonar_invoice_id = invoices.sonar_invoice_id and not invoices.is_void
    left join discounts on debits.sonar_debit_id = discounts.sonar_debit_id
    where debits.is_reversed and debits.amount_cents <> 0 and discounts.sonar_discount_id is null
),

debit_taxes as (
    select
        sonar_owner_id,
        sum(amount_cents) as cents
    from taxes
    where owner_type = 'Debit'
    group by sonar_owner_id
),

of_mirrors as (
    select
        case
            when debits.sonar_debit_id is null then 'discount_of_missing_debit'
            when not debits.is_reversed then 'discount_of_debit_that_stands'
            else 'mirror_discount_disagrees'
        end as finding,
        'discounts' as collection,
        discounts._sonar_key,
        discounts.sonar_account_id,
        payers.amount_cents + payers.tax_cents as stated_cents,
        case
            when debits.is_reversed then debits.amount_cents + coalesce(debit_taxes.cents, 0)
            else 0
        end as computed_cents
    from discounts
    inner join payers
        on
            discounts.sonar_discount_id = payers.sonar_payer_id
            and payers.payer_type = 'Discount'
    left join debits on discounts.sonar_debit_id = debits.sonar_debit_id
    left join debit_taxes on debits.sonar_debit_id = debit_taxes.sonar_owner_id
    where
        discounts.sonar_debit_id is not null
        and payers.is_usable
        and payers.amount_cents + payers.tax_cents is distinct from case
            when debits.is_reversed then debits.amount_cents + coalesce(debit_taxes.cents, 0)
        end
),

of_debits as (
    select
        named.finding,
        'debits' as collection,
        debits._sonar_key,
        debits.sonar_account_id,
        debits.amount_cents as stated_cents,
        0 as computed_cents
    from debits
    left join invoices on debits.sonar_invoice_id = invoices.sonar_invoice_id
    cross join lateral (
        values
        ('debit_of_missing_invoice', invoices.sonar_invoice_id is null),
        (
            'debit_on_invoice_of_other_account',
            debits.sonar_account_id <> invoices.sonar_account_id
        )
    ) as named (finding, holds)
    where debits.sonar_invoice_id is not null and named.holds
),

repeated_taxes as (
    select
        taxes.*,
        row_number() over (
            partition by taxes.owner_type, taxes.sonar_owner_id, lower(taxes.description)
            order by taxes.sonar_tax_transaction_id
        ) as place
    from taxes
    where taxes.amount_cents <> 0
),

of_taxes as (
    select
        case
            when owned.sonar_account_id is null then 'tax_without_owner'
            else 'tax_twice'
        end as finding,
        'tax_transactions' as collection,
        repeated_taxes._sonar_key,
        owned.sonar_account_id,
        repeated_taxes.amount_cents as stated_cents,
        0 as computed_cents
    from repeated_taxes
    left join (
        select
            'Debit' as owner_type,
            sonar_debit_id as sonar_owner_id,
            sonar_account_id
        from debits
        union all
        select
            'Discount' as owner_type,
            sonar_discount_id as sonar_owner_id,
            sonar_account_id
        from discounts
    ) as owned
        on
            repeated_taxes.owner_type = owned.owner_type
            and repeated_taxes.sonar_owner_id = owned.sonar_owner_id
    where repeated_taxes.place > 1 or owned.sonar_account_id is null
),

repeated_payments as (
    select
        payments.*,
        row_number() over (
            partition by
                payments.sonar_account_id,
                payments.amount_cents,
                payments.paid_at,
                payments.processor_transaction_id,
                -- without one, two payments of one moment are told by what they are
                case
                    when payments.processor_transaction_id is null
                        then concat_ws(' ', payments.payment_type, payments.reference)
                end
            order by payments.sonar_payment_id
        ) as place
    from {{ ref('stg_sonar__payments') }} as payments
    where payments.is_successful and payments.amount_cents <> 0
),

of_repeated_payments as (
    select
        'payment_twice' as finding,
        'payments' as collection,
        _sonar_key,
        sonar_account_id,
        amount_cents as stated_cents,
        0 as computed_cents
    from repeated_payments
    where place > 1
),

accounts as (
    select sonar_account_id from {{ ref('stg_sonar__accounts') }}
),

-- Sonar's other view: its ledger, row by row, and where the documents say that it must end.
ledger as (
    select
        sonar_account_id,
        sum(
            case
                when transaction_type = 'DEBIT' then amount_cents + coalesce(tax_cents, 0)
                when transaction_type = 'DISCOUNT' then -amount_cents - coalesce(tax_cents, 0)
                when is_successful is distinct from false then -amount_cents
                else 0
            end
        ) as rows_cents,
        (
            array_agg(
                running_balance_cents
                order by booked_at desc nulls last, sonar_transaction_id desc
            )
        )[1] as end_cents
    from {{ ref('stg_sonar__transactions') }}
    group by sonar_account_id
),

documents as (
    select
        sonar_account_id,
        sum(cents) as cents
    from {{ ref('audit_sonar_legs') }}
    group by sonar_account_id
),

of_ledgers as (
    select
        named.finding,
        'accounts' as collection,
        coalesce(ledger.sonar_account_id, documents.sonar_account_id)::text as _sonar_key,
        coalesce(ledger.sonar_account_id, documents.sonar_account_id) as sonar_account_id,
        coalesce(ledger.end_cents, 0) as stated_cents,
        named.computed_cents
    from ledger
    full join documents on ledger.sonar_account_id = documents.sonar_account_id
    inner join accounts
        on
            coalesce(ledger.sonar_account_id, documents.sonar_account_id)
            = accounts.sonar_account_id
    cross join lateral (
        values
        ('ledger_disagrees_with_documents', coalesce(documents.cents, 0)),
        ('ledger_disagrees_with_its_rows', coalesce(ledger.rows_cents, 0))
    ) as named (finding, computed_cents)
    where coalesce(ledger.end_cents, 0) <> named.computed_cents
),

latest_balance_due as (
    select
        _sonar_key,
        round(aggregate_value)::bigint as cents
    from {{ ref('stg_sonar__daily_aggregate_values') }}
    where aggregate_key = 'BALANCE_DUE' and context is null
    order by aggregate_date desc, sonar_daily_aggregate_value_id desc
    limit 1
),

of_aggregates as (
    select
        'balance_due_disagrees' as finding,
        'daily_aggregate_values' as collection,
        latest_balance_due._sonar_key,
        null::bigint as sonar_account_id,
        latest_balance_due.cents as stated_cents,
        due.cents as computed_cents
    from latest_balance_due
    cross join (
        select coalesce(sum(due_cents), 0) as cents from invoices
    ) as due
    where latest_balance_due.cents <> due.cents
),

final as (
    {% for rows in [
        'of_invoices',
        'of_payers',
        'of_credits',
        'of_takings',
        'of_reversed_debits',
        'of_mirrors',
        'of_debits',
        'of_taxes',
        'of_repeated_payments',
        'of_ledgers',
        'of_aggregates',
    ] %}
        select
            finding,
            collection,
            _sonar_key,
            sonar_account_id,
            stated_cents::bigint as stated_cents,
            computed_cents::bigint as computed_cents
        from {{ rows }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select * from final
