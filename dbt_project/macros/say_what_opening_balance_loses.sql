{% macro say_what_opening_balance_loses() -%}
    {% set losses = adapter.get_relation(target.database, 'audit', 'audit_opening_balance_losses') %}
    {% if
        execute
        and losses
        and flags.WHICH in ('build', 'run')
        and var('money_method') == 'opening_balance'
    %}
        {% for row in run_query(
            'select collection, records, (cents / ' ~ 10 ** var('money_decimals')
            ~ '.0)::numeric(19, ' ~ var('money_decimals') ~ ') as amount, kept from ' ~ losses
            ~ ' where records > 0 order by place, collection'
        ) %}
            {% do exceptions.warn(
                'money_method opening_balance leaves behind ' ~ row['records'] ~ ' '
                ~ row['collection'] ~ ', ' ~ row['amount'] ~ ' ' ~ var('currency')
                ~ '; in their place: ' ~ row['kept']
            ) %}
        {% endfor %}
    {% endif %}
{%- endmacro %}
