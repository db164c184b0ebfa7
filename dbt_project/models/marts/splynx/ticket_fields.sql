with fields as (
    select *
    from {{ ref('int_tickets__fields') }}
    where reject_reason is null and exclude_rule is null
),

final as (
    select
        fields._sonar_key,
        fields.name::varchar as name,
        'ticket'::varchar as module,
        fields.title::varchar as title,
        fields.splynx_type::varchar as type,
        fields.position::bigint as position,
        null::text as select_values
    from fields
)

select * from final
