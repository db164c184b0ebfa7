{% test is_filled(model, columns) %}
    -- One test for all columns of a mart that the target wants filled: the row and the column.
    {% for column in columns %}
        select
            _sonar_key,
            '{{ column }}' as empty_column
        from {{ model }}
        where {{ column }} is null
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
{% endtest %}
