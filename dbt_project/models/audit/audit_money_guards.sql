-- What would let Splynx write a wrong bill although every cent of the past is right. Acceptance
-- refuses each row with the sentence that it bears.
{% set numbers = [
    ('invoices', 'number', 'target_invoice_number_pattern', 'invoice_number_prefix'),
    ('payments', 'receipt_number', 'target_receipt_number_pattern', 'receipt_number_prefix'),
    (
        'credit_notes',
        'number',
        'target_credit_note_number_pattern',
        'credit_note_number_prefix',
    ),
] %}
with of_numbers as (
    {% for table, column, pattern, prefix in numbers %}
        select
            'number_pattern' as guard,
            '{{ table }}' as splynx_table,
            _sonar_key,
            '{{ table }}: numbers that the target''s own counter can give too ({{ var(pattern) }})'
                as what,
            'set the variable {{ prefix }} in dbt_project.yml to something that the pattern has'
            || ' not, or correct {{ pattern }}, and run make transform again' as todo
        from {{ ref(table) }}
        where {{ column }} ~* '{{ number_pattern(var(pattern)) }}'
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- Lines of documents are net, so a plan whose price holds its tax is of the other kind.
of_plans as (
    {% for table in [
        'tariffs_internet', 'tariffs_voice', 'tariffs_custom', 'tariffs_one_time', 'bundle'
    ] %}
        select
            'tax_in_price' as guard,
            '{{ table }}' as splynx_table,
            _sonar_key,
            '{{ table }}: prices with their tax in them, beside documents and plans without'
                as what,
            'Sonar''s prices are without tax: with_vat of every plan must be 0' as todo
        from {{ ref(table) }}
        where with_vat <> '0'
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

final as (
    select * from of_numbers
    union all
    select * from of_plans
)

select * from final
