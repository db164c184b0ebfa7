{% macro clean_text(expression) -%}
    nullif(btrim({{ expression }}, E' \t\r\n\u00a0'), '')
{%- endmacro %}
