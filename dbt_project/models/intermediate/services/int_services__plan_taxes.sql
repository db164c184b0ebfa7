-- The tax of each catalogue service. Where taxes are on it and none is the one to take, it has
-- none: a wrong tax is worse than one that staff must set.
with tariffs as (
    select * from {{ ref('int_services__tariffs_screened') }}
),

links as (
    select * from {{ ref('int_services__tax_links') }}
),

linked as (
    select
        sonar_service_id,
        min(tax_key) filter (where exclude_rule is null and reject_reason is null) as tax_key,
        min(rate) filter (where exclude_rule is null and reject_reason is null) as rate
    from links
    group by sonar_service_id
),

final as (
    select
        tariffs._sonar_key,
        tariffs.sonar_service_id,
        case
            when linked.tax_key is not null then linked.tax_key
            when linked.sonar_service_id is null and tariffs.tax_definition_id is null
                then 'default'
        end as tax_key,
        coalesce(linked.rate, 0) as rate
    from tariffs
    left join linked on tariffs.sonar_service_id = linked.sonar_service_id
)

select * from final
