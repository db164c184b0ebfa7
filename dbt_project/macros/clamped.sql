{% macro clamped(expression, lowest, highest) -%}
    case
        when {{ expression }} < {{ lowest }} then {{ lowest }}
        when {{ expression }} > {{ highest }} then {{ highest }}
        else {{ expression }}
    end
{%- endmacro %}
