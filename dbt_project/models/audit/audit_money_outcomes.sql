-- What became of the records of money. A record has arrived where every row that it stands for has.
with items as (
    select _sonar_key from {{ ref('invoices_items') }}
),

transactions as (
    select _sonar_key from {{ ref('billing_transactions') }}
),

receipts as (
    select _sonar_key from {{ ref('payments') }}
),

notes as (
    select _sonar_key from {{ ref('credit_notes') }}
),

note_items as (
    select _sonar_key from {{ ref('credit_notes_items') }}
),

payers as (
    select _sonar_key from {{ ref('invoice_payers') }}
),

invoices as (
    {{ outcomes_of_own_rows(
        'invoices',
        'int_money__invoices',
        'invoices',
        'screened._customer_key',
        entity='invoices',
    ) }}
),

debits as (
    select
        'debits' as collection,
        debits._sonar_key,
        case
            when debits.exclude_rule is not null then 'excluded'
            when debits.reject_reason is not null then 'rejected'
            when not debits.is_future and items._sonar_key is null then null
            when not debits.is_on_void_invoice and transactions._sonar_key is null then null
            else 'mart'
        end as outcome,
        coalesce(debits.exclude_rule, debits.reject_reason) as reason,
        debits._customer_key
    from {{ ref('int_money__debits') }} as debits
    left join items on 'debit:' || debits._sonar_key = items._sonar_key
    left join transactions on 'debit:' || debits._sonar_key = transactions._sonar_key
),

-- A tax in the line of its charge has arrived with it.
taxes as (
    select
        'tax_transactions' as collection,
        taxes._sonar_key,
        case
            when taxes.exclude_rule is not null then 'excluded'
            when taxes.reject_reason is not null then 'rejected'
            when taxes.merge_rule is not null
                then case when debits.outcome = 'mart' then 'merged' end
            when
                taxes.owner = 'debit' and not taxes.is_future and items._sonar_key is null
                then null
            when not taxes.is_on_void_invoice and transactions._sonar_key is null then null
            else 'mart'
        end as outcome,
        coalesce(taxes.exclude_rule, taxes.reject_reason, taxes.merge_rule) as reason,
        taxes._customer_key
    from {{ ref('int_money__taxes') }} as taxes
    left join items on 'tax:' || taxes._sonar_key = items._sonar_key
    left join transactions on 'tax:' || taxes._sonar_key = transactions._sonar_key
    left join debits
        on taxes.merge_rule is not null and taxes.sonar_owner_id::text = debits._sonar_key
),

discounts as (
    select
        'discounts' as collection,
        discounts._sonar_key,
        case
            when discounts.exclude_rule is not null then 'excluded'
            when discounts.reject_reason is not null then 'rejected'
            when transactions._sonar_key is null then null
            when
                discounts.is_credit_note
                and (notes._sonar_key is null or note_items._sonar_key is null)
                then null
            else 'mart'
        end as outcome,
        coalesce(discounts.exclude_rule, discounts.reject_reason) as reason,
        discounts._customer_key
    from {{ ref('int_money__discounts') }} as discounts
    left join transactions on discounts.discount_key = transactions._sonar_key
    left join notes on discounts.discount_key = notes._sonar_key
    left join note_items on discounts.discount_key = note_items._sonar_key
),

payments as (
    select
        'payments' as collection,
        payments._sonar_key,
        case
            when payments.exclude_rule is not null then 'excluded'
            when payments.reject_reason is not null then 'rejected'
            when receipts._sonar_key is not null and transactions._sonar_key is not null
                then 'mart'
        end as outcome,
        coalesce(payments.exclude_rule, payments.reject_reason) as reason,
        payments._customer_key
    from {{ ref('int_money__payments') }} as payments
    left join receipts on payments.payment_key = receipts._sonar_key
    left join transactions on payments.payment_key = transactions._sonar_key
),

-- A refund or a void has arrived with its reversal.
taken_back as (
    select
        taken_back.collection,
        taken_back.record_key as _sonar_key,
        case
            when taken_back.exclude_rule is not null then 'excluded'
            when taken_back.reject_reason is not null then 'rejected'
            when receipts._sonar_key is null or transactions._sonar_key is null then null
            when taken_back.merge_rule is not null then 'merged'
            else 'mart'
        end as outcome,
        coalesce(
            taken_back.exclude_rule, taken_back.reject_reason, taken_back.merge_rule
        ) as reason,
        taken_back._customer_key
    from {{ ref('int_money__taken_back') }} as taken_back
    left join receipts
        on coalesce(taken_back.paired_with, taken_back._sonar_key) = receipts._sonar_key
    left join transactions
        on coalesce(taken_back.paired_with, taken_back._sonar_key) = transactions._sonar_key
),

-- One that pays for another account has two rows.
credits as (
    select
        'credits' as collection,
        credits._sonar_key,
        case
            when credits.exclude_rule is not null then 'excluded'
            when credits.reject_reason is not null then 'rejected'
            when payers._sonar_key is null then null
            when credits.is_transfer and transfers._sonar_key is null then null
            else 'mart'
        end as outcome,
        coalesce(credits.exclude_rule, credits.reject_reason) as reason,
        credits._customer_key
    from {{ ref('int_money__applications') }} as credits
    left join payers on credits._sonar_key = payers._sonar_key
    left join payers as transfers
        on credits.is_transfer and credits._sonar_key || ':transfer' = transfers._sonar_key
),

payment_methods as (
    select
        methods.collection,
        methods.record_key as _sonar_key,
        case
            when methods.exclude_rule is not null then 'excluded'
            when methods.reject_reason is not null then 'rejected'
            when mart._sonar_key is not null then 'mart'
        end as outcome,
        coalesce(methods.exclude_rule, methods.reject_reason) as reason,
        methods._customer_key
    from {{ ref('int_money__payment_methods') }} as methods
    left join {{ ref('payment_account_data') }} as mart on methods._sonar_key = mart._sonar_key
),

processors as (
    select
        collection,
        record_key as _sonar_key,
        case
            when exclude_rule is not null then 'excluded'
            when merge_rule is not null then 'merged'
        end as outcome,
        coalesce(exclude_rule, merge_rule) as reason,
        null::text as _customer_key
    from {{ ref('int_money__payment_processors') }}
),

code_lists as (
    {{ outcomes_of_code_list(
        'general_ledger_codes',
        'stg_sonar__general_ledger_codes',
        'merged',
        'into_billing_transactions',
    ) }}
    union all
    {{ outcomes_of_code_list(
        'transactions', 'stg_sonar__transactions', 'excluded', 'proof_only'
    ) }}
    union all
    {{ outcomes_of_code_list(
        'daily_aggregate_values', 'stg_sonar__daily_aggregate_values', 'excluded', 'proof_only'
    ) }}
),

final as (
    {% for rows in [
        'invoices',
        'debits',
        'taxes',
        'discounts',
        'payments',
        'taken_back',
        'credits',
        'payment_methods',
        'processors',
        'code_lists',
    ] %}
        select
            collection,
            _sonar_key,
            collection as entity,
            outcome,
            reason,
            _customer_key
        from {{ rows }}
        where outcome is not null
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select * from final
