{% macro is_not_cleaned(expression, clean_texts) -%}
    (strpos({{ expression }}, '<') > 0 and {{ clean_texts }}.raw_hash is null)
{%- endmacro %}
