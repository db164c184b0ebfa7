{% test leads_to_row_of(model, column_name, to, field) %}
    -- A relationship to a mart whose place a row that the target has already may take: the value is
    -- in the mart, or planned as a match.
    with children as (
        select {{ column_name }} as from_field
        from {{ model }}
        where {{ column_name }} is not null
    ),

    parents as (
        select {{ field }} as to_field from {{ to }}
        union
        select planned_id as to_field
        from {{ ref('int_crosswalk') }}
        where
            origin = 'matched'
            and entity = '{{ to.identifier }}'
            and target = (select target from {{ ref('stg_splynx__current_target') }})
    ),

    final as (
        select distinct children.from_field
        from children
        left join parents on children.from_field = parents.to_field
        where parents.to_field is null
    )

    select * from final
{% endtest %}
