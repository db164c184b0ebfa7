with links as (
    select *
    from {{ ref('int_services__internet_billing_types') }}
    where reject_reason is null and exclude_rule is null
),

plan_ids as (
    {{ planned_ids('tariffs_internet') }}
),

final as (
    select
        links._sonar_key,
        plan_ids.planned_id as tariff_id,
        links.side::varchar as billing_type
    from links
    left join plan_ids on links.plan_key = plan_ids._sonar_key
)

select * from final
