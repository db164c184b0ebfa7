with field_values as (
    select *
    from {{ ref('int_tickets__values') }}
    where reject_reason is null and exclude_rule is null
),

owner_ids as (
    {{ planned_ids('ticket') }}
),

final as (
    select
        field_values._sonar_key,
        owner_ids.planned_id as id,
        field_values.name::varchar as name,
        field_values.value::text as value
    from field_values
    left join owner_ids on field_values.owner_key = owner_ids._sonar_key
)

select * from final
