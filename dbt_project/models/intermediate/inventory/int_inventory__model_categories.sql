-- Each kind of equipment with its category: one that the target has, one that another kind makes,
-- or its own.
with categories as (
    select * from {{ ref('stg_sonar__inventory_model_categories') }}
),

target_categories as (
    select
        value,
        id
    from {{ ref('int_crosswalk__taken_keys') }}
    where entity = 'inventory_products_categories' and column_name = 'title'
),

joined as (
    select
        categories.*,
        target_categories.id as matched_id,
        first_value(categories._sonar_key) over (
            partition by lower(categories.category_name) order by categories.sonar_category_id
        ) as first_key
    from categories
    left join target_categories on lower(categories.category_name) = target_categories.value
),

final as (
    select
        joined._sonar_key,
        joined.sonar_category_id,
        joined.category_name,
        joined.matched_id,
        joined.first_key as category_key,
        case
            when joined.matched_id is not null then 'category_exists'
            when joined.category_name is null or length(joined.category_name) > 128 then null
            when joined.first_key <> joined._sonar_key then 'same_name'
        end as merge_rule,
        null::text as exclude_rule,
        case
            when joined.category_name is null then 'missing_name'
            when length(joined.category_name) > 128     -- inventory_products_categories.title
                then 'name_too_long'
        end as reject_reason
    from joined
)

select * from final
