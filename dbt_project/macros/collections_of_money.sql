{% macro collections_of_money() -%}
    {{ return([
        ('bank_account_processors', 'stg_sonar__bank_account_processors'),
        ('bank_accounts', 'stg_sonar__bank_accounts'),
        ('credit_card_processors', 'stg_sonar__credit_card_processors'),
        ('credit_cards', 'stg_sonar__credit_cards'),
        ('credits', 'stg_sonar__credits'),
        ('daily_aggregate_values', 'stg_sonar__daily_aggregate_values'),
        ('debits', 'stg_sonar__debits'),
        ('discounts', 'stg_sonar__discounts'),
        ('general_ledger_codes', 'stg_sonar__general_ledger_codes'),
        ('invoices', 'stg_sonar__invoices'),
        ('payments', 'stg_sonar__payments'),
        ('refunded_payments', 'stg_sonar__refunded_payments'),
        ('reversed_payments', 'stg_sonar__reversed_payments'),
        ('tax_transactions', 'stg_sonar__tax_transactions'),
        ('transactions', 'stg_sonar__transactions'),
        ('voided_payments', 'stg_sonar__voided_payments'),
    ]) }}
{%- endmacro %}
