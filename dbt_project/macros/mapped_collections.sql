{% macro mapped_collections() -%}
    {{ return(
        collections_of_people()
        + collections_of_services()
        + collections_of_money()
        + collections_of_network()
        + collections_of_support()
    ) }}
{%- endmacro %}
