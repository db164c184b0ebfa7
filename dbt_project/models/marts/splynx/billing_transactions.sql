with transactions as (
    select *
    from {{ ref('int_money__transactions') }}
    where exclude_rule is null and reject_reason is null
),

transaction_ids as (
    {{ planned_ids('billing_transactions') }}
),

customer_ids as (
    {{ planned_ids('customers') }}
),

payment_ids as (
    {{ planned_ids('payments') }}
),

invoice_ids as (
    {{ planned_ids('invoices') }}
),

credit_note_ids as (
    {{ planned_ids('credit_notes') }}
),

tax_ids as (
    {{ planned_ids('tax') }}
),

{% for table in ['services_internet', 'services_voice', 'services_custom', 'tariffs_one_time'] %}
    {{ table }}_ids as (
        {{ planned_ids(table) }}
    ),
{% endfor %}

-- One list: a service is known by its kind and its key.
service_ids as (
    {% for table, kind in [
        ('services_internet', 'internet'),
        ('services_voice', 'voice'),
        ('services_custom', 'custom'),
        ('tariffs_one_time', 'one_time'),
    ] %}
        select
            '{{ kind }}' as service_type,
            _sonar_key,
            planned_id
        from {{ table }}_ids
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

final as (
    select
        transactions._sonar_key,
        transactions._customer_key,
        transaction_ids.planned_id as id,
        customer_ids.planned_id as customer_id,
        transactions.type::varchar as type,
        transactions.quantity::bigint as quantity,
        null::varchar as unit,
        transactions.unit_price::numeric(19, 4) as price,
        {{ money('transactions.total_cents') }}::numeric(19, 4) as total,
        {{ money('transactions.remind_cents') }}::numeric(19, 4) as remind_amount,
        transactions.tax_percent::numeric(6, 4) as tax_percent,
        tax_ids.planned_id as tax_id,
        transactions.date,
        transactions.category::bigint as category,
        transactions.description::varchar as description,
        nullif(transactions.comment, '')::varchar as comment,
        transactions.period_from,
        transactions.period_to,
        case when transactions.is_future then '1' else '0' end::varchar as to_invoice,
        service_ids.planned_id as service_id,
        transactions.service_type::varchar as service_type,
        payment_ids.planned_id as payment_id,
        invoice_ids.planned_id as invoice_id,
        invoice_ids.planned_id as invoiced_by_id,
        transactions.source::varchar as source,
        credit_note_ids.planned_id as credit_note_id
    from transactions
    left join transaction_ids on transactions._sonar_key = transaction_ids._sonar_key
    left join customer_ids on transactions._customer_key = customer_ids._sonar_key
    left join payment_ids on transactions.payment_key = payment_ids._sonar_key
    left join invoice_ids on transactions.sonar_invoice_id::text = invoice_ids._sonar_key
    left join credit_note_ids on transactions.credit_note_key = credit_note_ids._sonar_key
    left join tax_ids on transactions.tax_key = tax_ids._sonar_key
    left join service_ids
        on
            transactions.service_key = service_ids._sonar_key
            and transactions.service_type = service_ids.service_type
)

select * from final
