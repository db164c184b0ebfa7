-- The same by name: each live record that landed has one outcome, and no outcome is of nothing.
with landed as (
    {% for collection, model in mapped_collections() %}
        select
            '{{ collection }}' as collection,
            _sonar_key,
            true as has_landed
        from {{ source('sonar', collection) }}
        where _deleted_at is null
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

outcomes as (
    select
        collection,
        _sonar_key,
        count(*) as outcomes
    from {{ ref('audit_record_outcomes') }}
    group by collection, _sonar_key
),

final as (
    select
        collection,
        _sonar_key,
        coalesce(landed.has_landed, false) as has_landed,
        coalesce(outcomes.outcomes, 0) as outcomes
    from landed
    full join outcomes using (collection, _sonar_key)
    where landed.has_landed is null or outcomes.outcomes is distinct from 1
)

select * from final
