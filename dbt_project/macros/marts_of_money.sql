{% macro marts_of_money() -%}
    {{ return([
        ('invoices', 'int_money__invoices', 'ids'),
        ('invoices_items', 'int_money__items', 'ids'),
        ('payments', 'int_money__receipts', 'ids'),
        ('credit_notes', 'int_money__credit_notes', 'ids'),
        ('credit_notes_items', 'int_money__credit_note_items', 'ids'),
        ('credit_notes_to_invoices', 'int_money__credit_notes', 'no ids'),
        ('billing_transactions', 'int_money__transactions', 'ids'),
        ('invoice_payers', 'int_money__payers', 'ids'),
        ('payment_account_data', 'int_money__payment_methods', 'no ids'),
    ]) }}
{%- endmacro %}
