-- The values of the additional fields of tariffs_custom.
with plans as (
    select *
    from {{ ref('int_services__custom_plans') }}
    where exclude_rule is null and reject_reason is null
),

final as (
    select
        plans._sonar_key || ':sonar_id' as _sonar_key,
        plans._sonar_key as owner_key,
        'sonar_id' as name,
        plans._sonar_key as value,
        null::text as exclude_rule,
        null::text as reject_reason
    from plans
)

select * from final
