{% test is_key(model, columns) %}
    -- Filled and unique: the rows without a whole key, and the keys that several rows have.
    select
        {{ columns | join(', ') }},
        count(*) as times
    from {{ model }}
    group by {{ columns | join(', ') }}
    having
        count(*) > 1
        {% for column in columns %}
            or {{ column }} is null
        {% endfor %}
{% endtest %}
