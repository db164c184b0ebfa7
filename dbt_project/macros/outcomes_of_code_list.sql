{% macro outcomes_of_code_list(collection, staged, outcome, reason) -%}
    select
        '{{ collection }}' as collection,
        _sonar_key,
        '{{ collection }}' as entity,
        '{{ outcome }}' as outcome,
        '{{ reason }}' as reason,
        null::text as _customer_key
    from {{ ref(staged) }}
{%- endmacro %}
