-- Every link between a service and a tax, and whether the plan can have the tax: Splynx has room
-- for one.
with links as (
    select * from {{ ref('stg_sonar__service_taxes') }}
),

tariffs as (
    select * from {{ ref('int_services__tariffs_screened') }}
),

taxes as (
    select * from {{ ref('int_services__taxes') }}
),

joined as (
    select
        links._sonar_key,
        links.sonar_service_id,
        links.exemption_cents,
        tariffs._sonar_key as tariff_key,
        tariffs.splynx_table,
        tariffs.exclude_rule as tariff_rule,
        tariffs.reject_reason as tariff_reason,
        taxes._sonar_key as source_tax_key,
        taxes.tax_key,
        taxes.rate,
        taxes.exclude_rule as tax_rule,
        taxes.reject_reason as tax_reason,
        count(*) filter (where taxes.tax_key is not null) over (
            partition by links.sonar_service_id
        ) as mapped_taxes
    from links
    left join tariffs on links.sonar_service_id = tariffs.sonar_service_id
    left join taxes on links.sonar_tax_id = taxes.sonar_tax_id
),

final as (
    select
        joined._sonar_key,
        joined.sonar_service_id,
        joined.tariff_key,
        joined.tax_key,
        joined.rate,
        joined.mapped_taxes,
        joined.exemption_cents,
        case
            when joined.tariff_key is null or joined.tariff_reason is not null then null
            when joined.splynx_table is null then 'tax_of_other_service'
            when joined.tax_rule is not null then joined.tax_rule
            when joined.source_tax_key is null or joined.tax_reason is not null then null
            when joined.mapped_taxes > 1 then 'several_taxes'
        end as exclude_rule,
        case
            when joined.tariff_key is null then 'service_missing'
            when joined.tariff_reason is not null then 'tariff_rejected'
            when joined.splynx_table is null then null
            when joined.source_tax_key is null then 'tax_missing'
            when joined.tax_reason is not null then 'tax_rejected'
        end as reject_reason
    from joined
)

select * from final
