{#- In the night when clocks go back, an hour later can be earlier on the wall. -#}
{% macro local_end(instant, beginning) -%}
    case
        when {{ instant }} is not null
            then greatest({{ local_time(instant) }}, {{ local_time(beginning) }})
    end
{%- endmacro %}
