{% macro html_text(expression) -%}
    replace(replace({{ expression }}, '&', '&amp;'), '<', '&lt;')
{%- endmacro %}
