-- The same by name: each live record that landed has one outcome, and no outcome is of nothing.
with landed as (
    {% for collection, model in mapped_collections() %}
        select
            '{{ collection }}' as collection,
            _sonar_key,
            1 as landed,
            0 as outcomes
        from {{ source('sonar', collection) }}
        where _deleted_at is null
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

outcomes as (
    select
        collection,
        _sonar_key,
        0 as landed,
        1 as outcomes
    from {{ ref('audit_record_outcomes') }}
),

-- Both sides are counted together: two million records need not be joined to as many.
final as (
    select
        collection,
        _sonar_key,
        sum(landed) > 0 as has_landed,
        sum(outcomes) as outcomes
    from (
        select * from landed
        union all
        select * from outcomes
    ) as both_sides
    group by collection, _sonar_key
    having sum(landed) = 0 or sum(outcomes) <> 1
)

select * from final
