-- The categories of each ticket: the one of the lowest id is its type, the others are labels.
with categories as (
    select * from {{ ref('int_tickets__categories') }}
),

pairs as (
    select distinct
        sonar_ticket_id,
        jsonb_array_elements_text(ticket_category_ids)::bigint as ticket_category_id
    from {{ ref('stg_sonar__tickets') }}
),

placed as (
    select
        pairs.sonar_ticket_id,
        categories.ticket_category_id,
        categories.category_name,
        categories.type_key,
        categories.reject_reason is not null as is_rejected,
        row_number() over (
            partition by pairs.sonar_ticket_id, categories.reject_reason is null
            order by categories.ticket_category_id
        ) as place
    from pairs
    inner join categories on pairs.ticket_category_id = categories.ticket_category_id
),

final as (
    select
        sonar_ticket_id,
        ticket_category_id,
        category_name,
        type_key,
        not is_rejected and place = 1 as is_type,
        -- labels.label
        not is_rejected and place > 1 and length(category_name) <= 64 as is_label
    from placed
)

select * from final
