-- Ids in the target that no row of ours stands under.
with ids_in_use as (
    select * from {{ ref('stg_splynx__ids_in_use') }}
),

fixed as (
    select * from {{ ref('int_crosswalk__fixed') }}
),

final as (
    select
        ids_in_use.table_name as entity,
        ids_in_use.id
    from ids_in_use
    where not exists (
        select 1
        from fixed
        where fixed.entity = ids_in_use.table_name and fixed.target_id = ids_in_use.id
    )
)

select * from final
