{% macro money(cents) -%}
    round(({{ cents }}) / {{ 10 ** var('money_decimals') }}.0, 4)
{%- endmacro %}
