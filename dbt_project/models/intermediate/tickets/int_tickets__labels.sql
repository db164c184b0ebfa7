-- The labels of tickets: one for each name of a category that some ticket has besides its type.
with names as (
    select distinct
        ticket_category_id,
        category_name
    from {{ ref('int_tickets__ticket_categories') }}
    where is_label
),

target_labels as (
    select
        value,
        id
    from {{ ref('int_crosswalk__taken_keys') }}
    where entity = 'labels' and column_name = 'module + label'
),

firsts as (
    select
        names.ticket_category_id,
        names.category_name,
        first_value(names.ticket_category_id) over (
            partition by lower(names.category_name) order by names.ticket_category_id
        ) as first_id
    from names
),

final as (
    select
        'ticket_category:' || firsts.ticket_category_id as _sonar_key,
        firsts.ticket_category_id,
        firsts.category_name as label,
        'ticket_category:' || firsts.first_id as label_key,
        target_labels.id as matched_id
    from firsts
    left join target_labels
        on 'ticket' || chr(31) || lower(firsts.category_name) = target_labels.value
)

select * from final
