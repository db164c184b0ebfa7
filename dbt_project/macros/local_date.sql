{% macro local_date(instant) -%}
    ({{ instant }})::date
{%- endmacro %}
