{% macro without_tags(expression) -%}
    btrim(regexp_replace(
        replace(replace(replace(replace(replace(
            regexp_replace({{ expression }}, '<[^>]*>', ' ', 'g'),
            '&nbsp;', ' '), '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&amp;', '&'),
        '\s+', ' ', 'g'
    ))
{%- endmacro %}
