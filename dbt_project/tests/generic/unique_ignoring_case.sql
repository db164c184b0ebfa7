{% test unique_ignoring_case(model, column_name) %}
    -- Splynx compares in a collation that ignores case. What is empty is no duplicate.
    select
        lower({{ column_name }}) as value_lower_case,
        count(*) as times
    from {{ model }}
    where {{ column_name }} is not null
    group by lower({{ column_name }})
    having count(*) > 1
{% endtest %}
