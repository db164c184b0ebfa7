{% macro mapped_areas() -%}
    {{ return(['people', 'services', 'money', 'network', 'support']) }}
{%- endmacro %}
