with links as (
    select *
    from {{ ref('int_services__voice_customer_categories') }}
    where reject_reason is null and exclude_rule is null
),

plan_ids as (
    {{ planned_ids('tariffs_voice') }}
),

final as (
    select
        links._sonar_key,
        plan_ids.planned_id as tariff_id,
        links.side::varchar as customer_category
    from links
    left join plan_ids on links.plan_key = plan_ids._sonar_key
)

select * from final
