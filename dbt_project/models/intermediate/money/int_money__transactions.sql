-- The rows of billing_transactions, of every kind: what each one holds, before ids.
{% set nothing = "null::text as exclude_rule, null::text as reject_reason" %}
with debits as (
    select
        'debit:' || _sonar_key as _sonar_key,
        _customer_key,
        'debit' as kind,
        'debit' as type,
        quantity,
        unit_price,
        total_cents,
        case when is_future then total_cents else 0 end as remind_cents,
        coalesce(folded_rate, 0) as tax_percent,
        folded_tax_key as tax_key,
        date,
        category,
        description,
        comment,
        period_from,
        period_to,
        is_future,
        service_type,
        service_key,
        null::text as payment_key,
        sonar_invoice_id,
        null::text as credit_note_key,
        source
    from {{ ref('int_money__debits') }}
    where exclude_rule is null and reject_reason is null and not is_on_void_invoice
),

credit_notes as (
    select _sonar_key from {{ ref('int_money__credit_notes') }}
),

discount_lines as (
    select * from {{ ref('int_money__discount_lines') }}
),

taxes as (
    select
        'tax:' || taxes._sonar_key as _sonar_key,
        taxes._customer_key,
        'tax' as kind,
        case when taxes.owner = 'discount' then 'credit' else 'debit' end as type,
        1 as quantity,
        {{ money('taxes.amount_cents') }} as unit_price,
        taxes.amount_cents as total_cents,
        case
            when taxes.owner = 'discount' then discount_lines.unapplied_cents
            when taxes.is_future then taxes.amount_cents
            else 0
        end as remind_cents,
        0::numeric as tax_percent,
        null::text as tax_key,
        taxes.date,
        case
            when taxes.owner = 'discount' then {{ var('discount_category') }}
            else taxes.category
        end as category,
        taxes.description,
        taxes.comment,
        null::date as period_from,
        null::date as period_to,
        taxes.is_future,
        taxes.service_type,
        null::text as service_key,
        null::text as payment_key,
        taxes.sonar_invoice_id,
        credit_notes._sonar_key as credit_note_key,
        taxes.source
    from {{ ref('int_money__taxes') }} as taxes
    left join discount_lines
        on taxes.owner = 'discount' and 'tax:' || taxes._sonar_key = discount_lines._sonar_key
    left join credit_notes on discount_lines.discount_key = credit_notes._sonar_key
    where
        taxes.exclude_rule is null
        and taxes.reject_reason is null
        and taxes.merge_rule is null
        and not taxes.is_on_void_invoice
),

discounts as (
    select
        discounts.discount_key as _sonar_key,
        discounts._customer_key,
        'discount' as kind,
        'credit' as type,
        1 as quantity,
        {{ money('discounts.amount_cents') }} as unit_price,
        discounts.amount_cents as total_cents,
        discount_lines.unapplied_cents as remind_cents,
        0::numeric as tax_percent,
        null::text as tax_key,
        discounts.date,
        {{ var('discount_category') }} as category,
        discounts.description,
        discounts.comment,
        discounts.period_from,
        discounts.period_to,
        false as is_future,
        discounts.service_type,
        discounts.service_key,
        null::text as payment_key,
        null::bigint as sonar_invoice_id,
        case when discounts.is_credit_note then discounts.discount_key end as credit_note_key,
        discounts.source
    from {{ ref('int_money__discounts') }} as discounts
    inner join discount_lines on discounts.discount_key = discount_lines._sonar_key
    where discounts.exclude_rule is null and discounts.reject_reason is null
),

receipts as (
    select
        _sonar_key,
        _customer_key,
        case when amount_cents < 0 then 'taken_back' else 'payment' end as kind,
        case when amount_cents < 0 then 'debit' else 'credit' end as type,
        1 as quantity,
        {{ money('abs(amount_cents)') }} as unit_price,
        abs(amount_cents) as total_cents,
        remind_cents,
        0::numeric as tax_percent,
        null::text as tax_key,
        date,
        case
            when amount_cents < 0 then {{ var('refund_category') }}
            else {{ var('payment_category') }}
        end as category,
        case when amount_cents < 0 then comment else 'Payment ' || receipt_number end
            as description,
        null::text as comment,
        null::date as period_from,
        null::date as period_to,
        false as is_future,
        'internet' as service_type,
        null::text as service_key,
        _sonar_key as payment_key,
        null::bigint as sonar_invoice_id,
        null::text as credit_note_key,
        'manual' as source
    from {{ ref('int_money__receipts') }}
),

transfers as (
    {% for side, type, customer in [
        ('transfer_debit', 'debit', 'payer_customer_key'),
        ('transfer_credit', 'credit', 'invoice_customer_key'),
    ] %}
        select
            '{{ side }}:' || _sonar_key as _sonar_key,
            {{ customer }} as _customer_key,
            '{{ side }}' as kind,
            '{{ type }}' as type,
            1 as quantity,
            {{ money('amount_cents') }} as unit_price,
            amount_cents as total_cents,
            0 as remind_cents,
            0::numeric as tax_percent,
            null::text as tax_key,
            date,
            {{ var('correction_category') }} as category,
            {% if type == 'debit' -%}
            'Paid invoice ' || sonar_invoice_id || ' of customer ' || invoice_account
            {%- else -%}
            'Invoice ' || sonar_invoice_id || ' paid by customer ' || payer_account
            {%- endif %} as description,
            'Sonar ' || replace(payer_key, ':', ' ') as comment,
            null::date as period_from,
            null::date as period_to,
            false as is_future,
            'internet' as service_type,
            null::text as service_key,
            null::text as payment_key,
            null::bigint as sonar_invoice_id,
            null::text as credit_note_key,
            'manual' as source
        from {{ ref('int_money__transfers') }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

opening as (
    select
        _sonar_key,
        _customer_key,
        'opening' as kind,
        type,
        1 as quantity,
        {{ money('cents') }} as unit_price,
        cents as total_cents,
        cents as remind_cents,
        0::numeric as tax_percent,
        null::text as tax_key,
        date,
        {{ var('correction_category') }} as category,
        description,
        comment,
        null::date as period_from,
        null::date as period_to,
        false as is_future,
        'internet' as service_type,
        null::text as service_key,
        null::text as payment_key,
        null::bigint as sonar_invoice_id,
        null::text as credit_note_key,
        'manual' as source
    from {{ ref('int_money__opening') }}
    where '{{ var("money_method") }}' = 'opening_balance'
),

final as (
    {% for rows in ['debits', 'taxes', 'discounts', 'receipts', 'transfers', 'opening'] %}
        select
            {{ rows }}.*,
            {{ nothing }}
        from {{ rows }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select * from final
