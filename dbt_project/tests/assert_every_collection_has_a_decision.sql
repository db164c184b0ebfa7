-- Whatever was extracted is mapped, or excluded by a decision that somebody took.
with extractions as (
    select * from {{ ref('stg_ops__extractions') }}
),

map_collections as (
    select * from {{ ref('map_collections') }}
),

final as (
    select extractions.collection
    from extractions
    left join map_collections on extractions.collection = map_collections.collection
    where map_collections.collection is null
)

select * from final
