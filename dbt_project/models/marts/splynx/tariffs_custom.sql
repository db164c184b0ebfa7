with plans as (
    select *
    from {{ ref('int_services__custom_plans') }}
    where reject_reason is null and exclude_rule is null
),

plan_taxes as (
    select * from {{ ref('int_services__plan_taxes') }}
),

tariff_ids as (
    {{ planned_ids('tariffs_custom') }}
),

tax_ids as (
    {{ planned_ids('tax') }}
),

final as (
    select
        plans._sonar_key,
        tariff_ids.planned_id as id,
        null::varchar as tariffs_for_change,
        plans.title::varchar as title,
        plans.available_for_services::varchar as available_for_services,
        plans.service_name::varchar as service_name,
        plans.price,
        '0'::varchar as with_vat,
        plan_taxes.rate::numeric(6,4) as vat_percent,
        tax_ids.planned_id as tax_id
    from plans
    left join tariff_ids on plans._sonar_key = tariff_ids._sonar_key
    left join plan_taxes on plans._sonar_key = plan_taxes._sonar_key
    left join tax_ids on plan_taxes.tax_key = tax_ids._sonar_key
)

select * from final
