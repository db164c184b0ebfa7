{% macro mac_address(expression) -%}
    upper(substring(
        regexp_replace(
            regexp_replace({{ expression }}, '[:. -]', '', 'g'), '(..)(?=.)', '\1:', 'g'
        )
        from '^(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$'
    ))
{%- endmacro %}
