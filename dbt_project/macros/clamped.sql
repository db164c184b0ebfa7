{% macro clamped(expression, lowest, highest) -%}
    case
        when {{ expression }} < {{ lowest }} then {{ lowest }}
        when {{ expression }} > {{ highest }} then {{ expression }}
        else {{ expression }}
    end
{%- endmacro %}
