-- Each transaction: nothing below zero, the total is price times quantity with the tax, what is open
-- is no more than that, and its category says the same as its type.
{% set decimals = var('money_decimals') %}
select
    _sonar_key,
    type,
    category,
    total,
    remind_amount
from {{ ref('billing_transactions') }}
where
    total < 0
    or price < 0
    or quantity < 1
    or remind_amount < 0
    or remind_amount > total
    or total <> round(quantity * price * (1 + tax_percent / 100), {{ decimals }})
    or total <> round(total, {{ decimals }})
    or (type = 'debit') <> (
        category in ({{ var('charge_category') }}, {{ var('refund_category') }})
        or category = {{ var('correction_category') }}
        and (
            _sonar_key like 'transfer_debit:%'
            or _sonar_key like 'opening:%:due%'
        )
    )
    or (payment_id is not null) <> (
        category in ({{ var('payment_category') }}, {{ var('refund_category') }})
    )
    or invoice_id is distinct from invoiced_by_id
    or to_invoice = '1' and invoice_id is not null
