{% macro local_date(instant) -%}
    ({{ instant }} at time zone '{{ var("time_zone") }}')::date
{%- endmacro %}
