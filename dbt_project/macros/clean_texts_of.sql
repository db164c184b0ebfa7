{% macro clean_texts_of(expression, clean_texts) -%}
    left join {{ ref('stg_ops__clean_texts') }} as {{ clean_texts }}
        on strpos({{ expression }}, '<') > 0 and md5({{ expression }}) = {{ clean_texts }}.raw_hash
{%- endmacro %}
