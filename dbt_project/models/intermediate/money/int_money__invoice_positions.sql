-- What is paid of each invoice that counts, what is open, and the last payment of the customer's own.
with invoices as (
    select *
    from {{ ref('int_money__invoices') }}
    where is_counted
),

payments as (
    select
        payment_key,
        sonar_payment_id,
        date
    from {{ ref('int_money__payments') }}
    where is_counted
),

applied as (
    select
        applications.sonar_invoice_id,
        sum(applications.amount_cents) as cents,
        (array_agg(payments.payment_key order by payments.date desc, payments.sonar_payment_id desc)
            filter (where payments.payment_key is not null))[1] as last_payment_key,
        max(payments.date) as last_payment_date
    from {{ ref('int_money__applications') }} as applications
    left join payments
        on applications.payer_key = payments.payment_key and not applications.is_transfer
    where applications.is_counted
    group by applications.sonar_invoice_id
),

final as (
    select
        invoices._sonar_key,
        invoices._customer_key,
        invoices.sonar_invoice_id,
        invoices.sonar_account_id,
        invoices.due_date,
        coalesce(applied.cents, 0)::bigint as applied_cents,
        case
            when invoices.is_void then 0
            else invoices.total_cents - coalesce(applied.cents, 0)
        end::bigint as due_cents,
        applied.last_payment_key,
        applied.last_payment_date
    from invoices
    left join applied on invoices.sonar_invoice_id = applied.sonar_invoice_id
)

select * from final
