{% test leads_back_to(model, column_name, to, field) %}
    -- A relationship that closes a circle of marts: the loader takes it as a reference, but not as
    -- saying which mart is loaded first.
    with children as (
        select {{ column_name }} as from_field
        from {{ model }}
        where {{ column_name }} is not null
    ),

    parents as (
        select {{ field }} as to_field from {{ to }}
    ),

    final as (
        select distinct children.from_field
        from children
        left join parents on children.from_field = parents.to_field
        where parents.to_field is null
    )

    select * from final
{% endtest %}
