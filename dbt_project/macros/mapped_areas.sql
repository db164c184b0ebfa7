{% macro mapped_areas() -%}
    {{ return(['people', 'services', 'money']) }}
{%- endmacro %}
