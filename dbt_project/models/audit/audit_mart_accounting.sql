-- For each mart: the rows that it must have, and those that it has.
with expected as (
    select
        entity,
        count(*) as expected
    from {{ ref('audit_mart_rows') }}
    group by entity
),

found as (
    {% for mart, _, _ in mapped_marts() %}
        select
            '{{ mart }}' as entity,
            count(*) as found
        from {{ ref(mart) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

final as (
    select
        found.entity,
        coalesce(expected.expected, 0) as expected,
        found.found
    from found
    left join expected on found.entity = expected.entity
)

select * from final
