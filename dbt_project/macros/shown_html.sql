{% macro shown_html(expression, clean_texts) -%}
    case
        when strpos({{ expression }}, '<') > 0 then {{ clean_texts }}.clean_text
        else {{ html_text(expression) }}
    end
{%- endmacro %}
