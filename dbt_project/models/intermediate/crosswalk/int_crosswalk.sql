{{ config(
    materialized='incremental',
    unique_key=['target', 'entity', '_sonar_key'],
    full_refresh=false,
    on_schema_change='fail',
    indexes=[{'columns': ['entity']}],
) }}
-- Marts look their ids up here two hundred times: small ones need not read what is of others.

with current_target as (
    select * from {{ ref('stg_splynx__current_target') }}
),

candidates as (
    select * from {{ ref('int_crosswalk__candidates') }}
),

fixed as (
    select * from {{ ref('int_crosswalk__fixed') }}
),

strangers as (
    select * from {{ ref('int_crosswalk__strangers') }}
),

planned_before as (
    {% if is_incremental() %}
        select
            entity,
            _sonar_key,
            planned_id,
            origin
        from {{ this }}
        where target = (select target from current_target)
    {% else %}
        select
            null::text as entity,
            null::text as _sonar_key,
            null::bigint as planned_id,
            null::text as origin
        where false
    {% endif %}
),

known as (
    select
        candidates.entity,
        candidates._sonar_key,
        candidates.sonar_id,
        candidates.matched_id,
        fixed.planned_id as fixed_id,
        planned_before.planned_id as before_id,
        planned_before.origin as before_origin
    from candidates
    left join fixed
        on candidates.entity = fixed.entity and candidates._sonar_key = fixed._sonar_key
    left join planned_before
        on
            candidates.entity = planned_before.entity
            and candidates._sonar_key = planned_before._sonar_key
),

-- A fixed id stands whatever else is true; after a load nearly all are. Of the others it is asked who
-- has the id that they had or would keep.
open_records as (
    select * from known
    where fixed_id is null
),

-- Ids that are not ours to give: a stranger in the target has them, or a record's id is fixed.
claimed as (
    select
        entity,
        id,
        bool_or(_sonar_key is null) as is_strangers,
        min(_sonar_key) as first_key,
        max(_sonar_key) as last_key
    from (
        select entity, id, null::text as _sonar_key from strangers
        union all
        select entity, planned_id, _sonar_key from fixed
    ) as ids
    where (ids.entity, ids.id) in (
        select entity, before_id from open_records
        union all
        select entity, sonar_id from open_records
    )
    group by entity, id
),

-- A match comes first. An earlier plan stands while nobody else took its id.
standing as (
    select
        open_records.*,
        open_records.matched_id is not null as is_matched,
        case
            when open_records.matched_id is not null then open_records.matched_id
            when open_records.before_origin = 'matched' then null
            when claimed.is_strangers then null
            when claimed.first_key <> open_records._sonar_key then null
            else open_records.before_id
        end as standing_id
    from open_records
    left join claimed
        on open_records.entity = claimed.entity and open_records.before_id = claimed.id
),

-- The Sonar id is kept where it is free. MySQL gives id 0 a new id, so 0 is never kept. Only rows
-- without an id come here and further: in most builds few.
kept as (
    select
        standing.*,
        case
            when standing.sonar_id not between 1 and {{ var('highest_planned_id') }} then null
            -- The target's own row was deleted: its id stays with it, or its links seem to be ours.
            when
                standing.before_origin = 'matched' and standing.before_id = standing.sonar_id
                then null
            when claimed.is_strangers then null
            when claimed.first_key <> standing._sonar_key then null
            when claimed.last_key <> standing._sonar_key then null
            when holders._sonar_key <> standing._sonar_key then null
            else standing.sonar_id
        end as kept_id
    from standing
    left join claimed
        on standing.entity = claimed.entity and standing.sonar_id = claimed.id
    left join planned_before as holders
        on standing.entity = holders.entity and standing.sonar_id = holders.planned_id
    where standing.standing_id is null
),

without_id as (
    select * from kept
    where kept_id is null
),

-- New ids lie above every id in use (a stranger's or fixed), planned or about to be kept.
highest as (
    select
        entity,
        max(id) as id
    from (
        select entity, id from strangers
        union all
        select entity, planned_id as id from fixed
        union all
        select entity, planned_id as id from planned_before
        union all
        select entity, sonar_id as id
        from candidates
        where sonar_id <= {{ var('highest_planned_id') }}
    ) as ids
    where entity in (select entity from without_id)
    group by entity
),

planned as (
    select
        entity,
        _sonar_key,
        sonar_id,
        before_id,
        before_origin,
        false as is_matched,
        fixed_id as standing_id,
        fixed_id as planned_id
    from known
    where fixed_id is not null
    union all
    select
        entity,
        _sonar_key,
        sonar_id,
        before_id,
        before_origin,
        is_matched,
        standing_id,
        standing_id as planned_id
    from standing
    where standing_id is not null
    union all
    select
        entity,
        _sonar_key,
        sonar_id,
        before_id,
        before_origin,
        is_matched,
        standing_id,
        kept_id as planned_id
    from kept
    where kept_id is not null
    union all
    select
        without_id.entity,
        without_id._sonar_key,
        without_id.sonar_id,
        without_id.before_id,
        without_id.before_origin,
        without_id.is_matched,
        without_id.standing_id,
        greatest(coalesce(highest.id, 0), 0) + row_number() over (
            partition by without_id.entity order by without_id.sonar_id, without_id._sonar_key
        ) as planned_id
    from without_id
    left join highest on without_id.entity = highest.entity
),

decided as (
    select
        entity,
        _sonar_key,
        before_id,
        before_origin,
        planned_id,
        case
            when is_matched then 'matched'
            when standing_id = before_id and before_origin <> 'matched' then before_origin
            when planned_id = sonar_id then 'kept'
            else 'new'
        end as origin
    from planned
),

final as (
    select
        current_target.target,
        decided.entity,
        decided._sonar_key,
        decided.planned_id,
        decided.origin
    from decided
    cross join current_target
    -- Only what changes is written.
    where
        decided.planned_id is distinct from decided.before_id
        or decided.origin is distinct from decided.before_origin
)

select * from final
