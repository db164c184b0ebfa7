{% test exact_at_scale(model, column_name, scale) %}
    -- A contract's numeric(p, s) rounds without a word: this names the rows that would change.
    select
        _sonar_key,
        {{ column_name }}
    from {{ model }}
    where {{ column_name }} <> round({{ column_name }}, {{ scale }})
{% endtest %}
