with taxes as (
    select *
    from {{ ref('int_services__tax') }}
    where reject_reason is null and exclude_rule is null
),

tax_ids as (
    {{ planned_ids('tax') }}
),

final as (
    select
        taxes._sonar_key,
        tax_ids.planned_id as id,
        taxes.tax_name::varchar as name,
        taxes.rate::numeric(6,4) as rate,
        'single'::varchar as type
    from taxes
    left join tax_ids on taxes._sonar_key = tax_ids._sonar_key
)

select * from final
