{% macro mapped_marts() -%}
    {{ return(
        marts_of_people()
        + marts_of_services()
        + marts_of_money()
        + marts_of_network()
        + marts_of_support()
    ) }}
{%- endmacro %}
