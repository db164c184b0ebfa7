-- Money of one account that pays an invoice of another: a pair of transactions for each such credit
-- (D-118).
with final as (
    select
        _sonar_key,
        sonar_credit_id,
        payer_kind,
        payer_key,
        payer_account,
        payer_customer_key,
        is_credit_note,
        sonar_invoice_id,
        invoice_account,
        invoice_customer_key,
        amount_cents,
        date
    from {{ ref('int_money__applications') }}
    where is_transfer and exclude_rule is null and reject_reason is null
)

select * from final
