{% macro local_time(instant) -%}
    date_trunc('second', {{ instant }} at time zone '{{ var("time_zone") }}')
{%- endmacro %}
