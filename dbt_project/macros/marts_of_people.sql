{% macro marts_of_people() -%}
    {{ return([
        ('partners', 'int_people__partners', 'ids'),
        ('admins', 'int_people__admins', 'ids'),
        ('labels', 'int_people__labels', 'ids'),
        ('customers_fields', 'int_people__customer_fields', 'no ids'),
        ('customers', 'int_customers__screened', 'ids'),
        ('customer_info', 'int_customers__screened', 'no ids'),
        ('customer_cap', 'int_customers__screened', 'no ids'),
        ('customer_billing', 'int_customers__screened', 'no ids'),
        ('customer_notes', 'int_customers__notes', 'ids'),
        ('customers_labels', 'int_customers__group_links', 'no ids'),
        ('customers_values', 'int_customers__values', 'no ids'),
    ]) }}
{%- endmacro %}
