-- Every credit, which is what Sonar calls the application of a payment or a discount to an invoice,
-- and what keeps it back. Nothing is applied that is not there: two running sums, over the payer's
-- money and over the invoice.
with credits as (
    select * from {{ ref('stg_sonar__credits') }}
),

taken_back as (
    select
        payment_key,
        sum(amount_cents) as cents
    from {{ ref('int_money__taken_back') }}
    where is_counted
    group by payment_key
),

payers as (
    select
        'Payment' as payer_type,
        payments.sonar_payment_id as sonar_payer_id,
        payments.payment_key as payer_key,
        payments.sonar_account_id as payer_account,
        payments._customer_key as payer_customer_key,
        payments.amount_cents - coalesce(taken_back.cents, 0) as usable_cents,
        false as is_credit_note,
        payments.is_counted
    from {{ ref('int_money__payments') }} as payments
    left join taken_back on payments.payment_key = taken_back.payment_key
    union all
    select
        'Discount' as payer_type,
        sonar_discount_id as sonar_payer_id,
        discount_key as payer_key,
        sonar_account_id as payer_account,
        _customer_key as payer_customer_key,
        usable_cents,
        is_credit_note,
        is_counted
    from {{ ref('int_money__discounts') }}
),

invoices as (
    select * from {{ ref('int_money__invoices') }}
),

customers as (
    select
        sonar_account_id,
        exclude_rule
    from {{ ref('int_customers__screened') }}
    where exclude_rule is not null
),

joined as (
    select
        credits._sonar_key,
        credits.sonar_credit_id,
        credits.sonar_invoice_id,
        credits.amount_cents,
        credits.created_at,
        payers.payer_type,
        payers.payer_key,
        payers.payer_account,
        payers.payer_customer_key,
        payers.usable_cents,
        payers.is_credit_note,
        invoices.sonar_account_id as invoice_account,
        invoices._customer_key as invoice_customer_key,
        invoices.total_cents as invoice_cents,
        case
            when credits.is_void then 'credit_void'
            when payers.payer_key is null or invoices.sonar_invoice_id is null then null
            when payer_customers.exclude_rule is not null then payer_customers.exclude_rule
            when invoice_customers.exclude_rule is not null then invoice_customers.exclude_rule
            when not payers.is_counted or invoices.reject_reason is not null then null
            when invoices.is_void then 'invoice_void'
        end as own_rule,
        case
            when credits.is_void then null
            when payers.payer_key is null then 'payer_missing'
            when invoices.sonar_invoice_id is null then 'invoice_missing'
            when payer_customers.exclude_rule is not null then null
            when invoice_customers.exclude_rule is not null then null
            when not payers.is_counted then 'payer_not_loaded'
            when invoices.reject_reason is not null then 'invoice_rejected'
            when invoices.is_void then null
            when credits.amount_cents <= 0 then 'nonpositive_amount'
        end as own_reason
    from credits
    left join payers
        on
            credits.sonar_payer_id = payers.sonar_payer_id
            and credits.payer_type = payers.payer_type
    left join invoices on credits.sonar_invoice_id = invoices.sonar_invoice_id
    left join customers as payer_customers
        on payers.payer_account = payer_customers.sonar_account_id
    left join customers as invoice_customers
        on invoices.sonar_account_id = invoice_customers.sonar_account_id
),

of_payers as (
    select
        joined.*,
        case
            when joined.own_rule is null and joined.own_reason is null
                then
                    sum(joined.amount_cents) over (
                        partition by
                            joined.payer_key,
                            joined.own_rule is null and joined.own_reason is null
                        order by joined.sonar_credit_id
                        rows between unbounded preceding and current row
                    ) <= joined.usable_cents
            else false
        end as is_covered
    from joined
),

of_invoices as (
    select
        of_payers.*,
        case
            when of_payers.is_covered
                then
                    sum(of_payers.amount_cents) over (
                        partition by of_payers.sonar_invoice_id, of_payers.is_covered
                        order by of_payers.sonar_credit_id
                        rows between unbounded preceding and current row
                    ) <= of_payers.invoice_cents
            else false
        end as is_counted
    from of_payers
),

final as (
    select
        _sonar_key,
        sonar_credit_id,
        lower(payer_type) as payer_kind,
        payer_key,
        payer_account,
        payer_customer_key,
        is_credit_note,
        sonar_invoice_id,
        invoice_account,
        invoice_customer_key,
        invoice_customer_key as _customer_key,
        coalesce(payer_account <> invoice_account, false) as is_transfer,
        amount_cents,
        {{ local_date('created_at') }} as date,
        is_counted,
        case
            when own_rule is not null then own_rule
            {% if var('money_method') == 'opening_balance' -%}
            when is_counted then 'opening_balance'
            {%- endif %}
        end as exclude_rule,
        case
            when own_rule is not null then null
            when own_reason is not null then own_reason
            when not is_counted then 'over_allocated'
        end as reject_reason
    from of_invoices
)

select * from final
