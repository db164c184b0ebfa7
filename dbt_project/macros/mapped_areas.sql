{% macro mapped_areas() -%}
    {{ return(['people', 'services']) }}
{%- endmacro %}
