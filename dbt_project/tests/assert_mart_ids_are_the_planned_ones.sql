-- Each row of a mart stands under the id that the crosswalk plans for it in the current target.
with crosswalk as (
    select *
    from {{ ref('int_crosswalk') }}
    where target = (select target from {{ ref('stg_splynx__current_target') }})
),

mart_ids as (
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
        mart_ids.entity,
        mart_ids._sonar_key,
        mart_ids.id,
        crosswalk.planned_id
    from mart_ids
    left join crosswalk
        on mart_ids.entity = crosswalk.entity and mart_ids._sonar_key = crosswalk._sonar_key
    where mart_ids.id is distinct from crosswalk.planned_id
)

select * from final
