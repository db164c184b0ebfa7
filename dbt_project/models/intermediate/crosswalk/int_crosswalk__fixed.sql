-- Planned ids that can't change any more, because the row is, or may be, in the target under them.
-- By the API the server gives the id: the marts take it over, so that either route goes on with it.
with loaded as (
    select * from {{ ref('stg_ops__id_map') }}
),

intents as (
    select * from {{ ref('stg_ops__open_intents') }}
),

final as (
    select
        loaded.entity,
        loaded._sonar_key,
        loaded.target_id as planned_id,
        loaded.target_id
    from loaded
    union all
    select
        intents.entity,
        intents._sonar_key,
        intents.planned_id,
        intents.planned_id as target_id
    from intents
    where not exists (
        select 1
        from loaded
        where loaded.entity = intents.entity and loaded._sonar_key = intents._sonar_key
    )
)

select * from final
