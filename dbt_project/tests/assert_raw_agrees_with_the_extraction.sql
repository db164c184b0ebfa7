-- What landed is what the extraction proved, by count and by SUM(id). Where one record is gone, the
-- difference of the sums is its id. Samples and unfinished extractions prove nothing; acceptance
-- refuses them.
with extractions as (
    select *
    from {{ ref('stg_ops__extractions') }}
    where state = 'complete' and grade in ('proven', 'counted', 'whole')
),

landed as (
    {% for collection, model in mapped_collections() %}
        select
            '{{ collection }}' as collection,
            count(*) as live_rows,
            coalesce(sum((payload->>'id')::numeric), 0) as live_id_sum
        from {{ source('sonar', collection) }}
        where _deleted_at is null
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

final as (
    select
        extractions.collection,
        extractions.proven_rows,
        landed.live_rows,
        extractions.proven_id_sum - landed.live_id_sum as missing_id_sum
    from extractions
    inner join landed on extractions.collection = landed.collection
    where
        extractions.proven_rows <> landed.live_rows
        or extractions.proven_id_sum <> landed.live_id_sum
)

select * from final
