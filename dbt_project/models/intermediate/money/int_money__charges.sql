-- Every charge with what keeps it back for a reason of its own. What becomes of its invoice is
-- decided after this, because an invoice is judged by its charges.
with debits as (
    select * from {{ ref('stg_sonar__debits') }}
),

invoices as (
    select * from {{ ref('stg_sonar__invoices') }}
),

customers as (
    select * from {{ ref('int_customers__screened') }}
),

taxes as (
    select *
    from {{ ref('int_money__owner_taxes') }}
    where owner = 'debit'
),

mirrors as (
    select distinct sonar_debit_id
    from {{ ref('stg_sonar__discounts') }}
    where sonar_debit_id is not null
),

joined as (
    select
        debits.*,
        customers._sonar_key as customer_key,
        customers.exclude_rule as customer_rule,
        customers.reject_reason as customer_reason,
        invoices.sonar_invoice_id as found_invoice_id,
        invoices.sonar_account_id as invoice_account_id,
        mirrors.sonar_debit_id is not null as has_mirror,
        coalesce(taxes.tax_cents, 0) as tax_cents,
        coalesce(taxes.stated_tax_cents, 0) as stated_tax_cents
    from debits
    left join customers on debits.sonar_account_id = customers.sonar_account_id
    left join invoices on debits.sonar_invoice_id = invoices.sonar_invoice_id
    left join taxes on debits.sonar_debit_id = taxes.sonar_owner_id
    left join mirrors on debits.sonar_debit_id = mirrors.sonar_debit_id
),

judged as (
    select
        joined.*,
        case
            when joined.customer_rule is not null then null
            when joined.customer_key is null then 'account_missing'
            when joined.customer_reason is not null then 'customer_rejected'
            when joined.amount_cents < 0 then 'negative_amount'
            when joined.sonar_invoice_id is null then null
            when joined.found_invoice_id is null then 'invoice_missing'
            when joined.invoice_account_id <> joined.sonar_account_id
                then 'invoice_of_other_account'
        end as reject_reason
    from joined
),

final as (
    select
        _sonar_key,
        customer_key as _customer_key,
        sonar_debit_id,
        sonar_account_id,
        sonar_invoice_id,
        sonar_service_id,
        charge_type,
        amount_cents,
        tax_cents,
        stated_tax_cents,
        case
            when customer_rule is not null then customer_rule
            when reject_reason is not null then null
            when is_reversed and sonar_invoice_id is null and not has_mirror
                then 'reversed_before_invoice'
        end as exclude_rule,
        reject_reason
    from judged
)

select * from final
