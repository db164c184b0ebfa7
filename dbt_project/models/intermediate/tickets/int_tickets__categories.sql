-- Each category with its ticket type: one that the target has, one that another category makes, or
-- its own.
with categories as (
    select * from {{ ref('stg_sonar__ticket_categories') }}
),

used as (
    select distinct jsonb_array_elements_text(ticket_category_ids)::bigint as ticket_category_id
    from {{ ref('stg_sonar__tickets') }}
),

target_types as (
    select
        value,
        id
    from {{ ref('int_crosswalk__taken_keys') }}
    where entity = 'ticket_types' and column_name = 'title'
),

joined as (
    select
        categories._sonar_key,
        categories.ticket_category_id,
        categories.category_name,
        target_types.id as matched_id,
        used.ticket_category_id is null and not coalesce(categories.is_enabled, true) as is_unused
    from categories
    left join used on categories.ticket_category_id = used.ticket_category_id
    left join target_types on lower(categories.category_name) = target_types.value
),

named as (
    select
        joined.*,
        first_value(joined._sonar_key) over (
            partition by lower(joined.category_name), joined.is_unused
            order by joined.ticket_category_id
        ) as first_key
    from joined
),

final as (
    select
        named._sonar_key,
        named.ticket_category_id,
        named.category_name,
        named.matched_id,
        named.first_key as type_key,
        case
            when named.is_unused or named.category_name is null then null
            when named.matched_id is not null then 'type_exists'
            when named.first_key <> named._sonar_key then 'same_type'
        end as merge_rule,
        case when named.is_unused then 'category_unused' end as exclude_rule,
        case
            when named.is_unused then null
            when named.category_name is null then 'missing_title'
            when length(named.category_name) > 255 then 'title_too_long'     -- ticket_types.title
        end as reject_reason
    from named
)

select * from final
