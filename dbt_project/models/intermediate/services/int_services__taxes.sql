-- Every tax with what its Splynx tax will hold: one that the target has, one that another tax
-- makes, or its own.
with taxes as (
    select * from {{ ref('stg_sonar__taxes') }}
),

target_taxes as (
    select
        value,
        id
    from {{ ref('int_crosswalk__taken_keys') }}
    where entity = 'tax' and column_name = 'name + rate'
),

judged as (
    select
        taxes._sonar_key,
        taxes.sonar_tax_id,
        taxes.tax_name,
        taxes.rate,
        case when taxes.application = 'FLAT' then 'flat_tax' end as exclude_rule,
        case
            when taxes.application = 'FLAT' then null
            when taxes.application is distinct from 'PERCENTAGE' then 'unmapped_application'
            when taxes.tax_name is null then 'missing_name'
            when length(taxes.tax_name) > 64 then 'name_too_long'      -- tax.name
            when taxes.rate >= 100 then 'rate_too_high'      -- tax.rate is decimal(6,4)
            when taxes.rate < 0 then 'negative_rate'
            when taxes.rate <> round(taxes.rate, 4) then 'rate_not_exact'
            when taxes.rate is null then 'missing_rate'
        end as reject_reason
    from taxes
),

placed as (
    select
        judged.*,
        target_taxes.id as matched_id,
        first_value(judged._sonar_key) over (
            partition by
                judged.exclude_rule is null and judged.reject_reason is null,
                lower(judged.tax_name),
                judged.rate
            order by judged.sonar_tax_id
        ) as first_key
    from judged
    left join target_taxes
        on
            lower(judged.tax_name) || chr(31) || round(judged.rate, 4)::text = target_taxes.value
            and judged.exclude_rule is null
            and judged.reject_reason is null
),

final as (
    select
        placed._sonar_key,
        placed.sonar_tax_id,
        placed.tax_name,
        placed.rate,
        placed.matched_id,
        case
            when placed.exclude_rule is null and placed.reject_reason is null
                then placed.first_key
        end as tax_key,
        case
            when placed.exclude_rule is not null or placed.reject_reason is not null then null
            when placed.matched_id is not null then 'tax_exists'
            when placed.first_key <> placed._sonar_key then 'same_tax'
        end as merge_rule,
        placed.exclude_rule,
        placed.reject_reason
    from placed
)

select * from final
