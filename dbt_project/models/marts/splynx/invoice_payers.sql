with payers as (
    select *
    from {{ ref('int_money__payers') }}
    where exclude_rule is null and reject_reason is null
),

payer_ids as (
    {{ planned_ids('invoice_payers') }}
),

customer_ids as (
    {{ planned_ids('customers') }}
),

payment_ids as (
    {{ planned_ids('payments') }}
),

credit_note_ids as (
    {{ planned_ids('credit_notes') }}
),

transaction_ids as (
    {{ planned_ids('billing_transactions') }}
),

invoice_ids as (
    {{ planned_ids('invoices') }}
),

-- A payer is of one of three tables.
paying_ids as (
    {% for type in ['payment', 'credit_note', 'transaction'] %}
        select
            '{{ type }}' as payer_type,
            _sonar_key,
            planned_id
        from {{ type }}_ids
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

final as (
    select
        payers._sonar_key,
        payers._customer_key,
        payer_ids.planned_id as id,
        customer_ids.planned_id as customer_id,
        paying_ids.planned_id as payer_id,
        payers.payer_type::varchar as type,
        invoice_ids.planned_id as invoice_id,
        transaction_ids.planned_id as transaction_id,
        {{ money('payers.amount_cents') }}::numeric(19, 4) as amount
    from payers
    left join payer_ids on payers._sonar_key = payer_ids._sonar_key
    left join customer_ids on payers._customer_key = customer_ids._sonar_key
    left join paying_ids
        on
            payers.paying_key = paying_ids._sonar_key
            and payers.payer_type = paying_ids.payer_type
    left join invoice_ids on payers.sonar_invoice_id::text = invoice_ids._sonar_key
    left join transaction_ids on payers.transaction_key = transaction_ids._sonar_key
)

select * from final
