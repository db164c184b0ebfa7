with partners as (
    select *
    from {{ ref('int_people__partners') }}
    where reject_reason is null and exclude_rule is null
),

partner_ids as (
    {{ planned_ids('partners') }}
),

final as (
    select
        partners._sonar_key,
        partner_ids.planned_id as id,
        partners.company_name::varchar as name
    from partners
    left join partner_ids on partners._sonar_key = partner_ids._sonar_key
)

select * from final
