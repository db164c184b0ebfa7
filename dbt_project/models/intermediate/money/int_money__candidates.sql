-- What needs an id in the tables of money. Only invoices keep their Sonar id: it is their number.
{% set tables = [
    ('invoices', 'int_money__invoices', 'sonar_invoice_id'),
    ('invoices_items', 'int_money__items', 'null::bigint'),
    ('payments', 'int_money__receipts', 'null::bigint'),
    ('credit_notes', 'int_money__credit_notes', 'null::bigint'),
    ('credit_notes_items', 'int_money__credit_note_items', 'null::bigint'),
    ('billing_transactions', 'int_money__transactions', 'null::bigint'),
    ('invoice_payers', 'int_money__payers', 'null::bigint'),
] %}
{% for table, rows, sonar_id in tables %}
select
    '{{ table }}' as entity,
    _sonar_key,
    {{ sonar_id }} as sonar_id,
    null::bigint as matched_id
from {{ ref(rows) }}
where exclude_rule is null and reject_reason is null
{% if not loop.last %}union all{% endif %}
{% endfor %}
