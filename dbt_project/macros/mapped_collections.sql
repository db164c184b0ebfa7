{% macro mapped_collections() -%}
    {{ return(collections_of_people() + collections_of_services()) }}
{%- endmacro %}
