{% test unique_together_ignoring_case(model, columns) %}
    -- The same for several columns together.
    select
        {% for column in columns %}
            lower({{ column }}::text) as {{ column }}_lower_case,
        {% endfor %}
        count(*) as times
    from {{ model }}
    group by
        {% for column in columns %}
            lower({{ column }}::text){% if not loop.last %},{% endif %}
        {% endfor %}
    having count(*) > 1
{% endtest %}
