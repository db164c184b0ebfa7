with record_counts as (
    select * from {{ ref('stg_sonar__record_counts') }}
),

extractions as (
    select *
    from {{ ref('stg_ops__extractions') }}
    where state = 'complete' and grade in ('proven', 'counted', 'whole')
),

staged_counts as (
    {% for collection, model in mapped_collections() %}
        select
            '{{ collection }}' as collection,
            count(*) as staged
        from {{ ref(model) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

outcomes as (
    select
        collection,
        case when min(entity) = max(entity) then min(entity) end as entity,
        count(*) filter (where outcome = 'mart') as mart,
        count(*) filter (where outcome = 'merged') as merged,
        count(*) filter (where outcome = 'excluded') as excluded,
        count(*) filter (where outcome = 'rejected') as rejected
    from {{ ref('audit_record_outcomes') }}
    group by collection
),

final as (
    select
        record_counts.collection,
        coalesce(outcomes.entity, record_counts.collection) as entity,
        extractions.proven_rows as proven,
        staged_counts.staged,
        coalesce(outcomes.mart, 0) as mart,
        coalesce(outcomes.merged, 0) as merged,
        coalesce(outcomes.excluded, 0) as excluded,
        coalesce(outcomes.rejected, 0) as rejected,
        record_counts.deleted_rows as deleted,
        -- without a proof of the source, what landed is the measure
        coalesce(extractions.proven_rows, record_counts.live_rows)
        - coalesce(outcomes.mart, 0)
        - coalesce(outcomes.merged, 0)
        - coalesce(outcomes.excluded, 0)
        - coalesce(outcomes.rejected, 0) as unaccounted
    from record_counts
    left join staged_counts on record_counts.collection = staged_counts.collection
    left join outcomes on record_counts.collection = outcomes.collection
    left join extractions on record_counts.collection = extractions.collection
)

select * from final
