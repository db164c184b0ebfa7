-- No row of the marts would meet a row in the target that is not ours.
with strangers as (
    select * from {{ ref('int_crosswalk__strangers') }}
),

planned as (
    {% for mart, _, has in mapped_marts() if has == 'ids' %}
        select
            '{{ mart }}' as entity,
            _sonar_key,
            id
        from {{ ref(mart) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

final as (
    select
        planned.entity,
        planned._sonar_key,
        planned.id
    from planned
    inner join strangers on planned.entity = strangers.entity and planned.id = strangers.id
)

select * from final
