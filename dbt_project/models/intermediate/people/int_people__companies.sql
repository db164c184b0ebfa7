-- The default company is the partner that Splynx has already; every other one becomes a partner.
with companies as (
    select * from {{ ref('stg_sonar__companies') }}
),

final as (
    select
        companies._sonar_key,
        companies.company_id,
        companies.company_name,
        case when companies.is_default then 'default_company' end as merge_rule,
        null::text as exclude_rule,
        case
            when companies.is_default then null
            when companies.company_name is null then 'missing_name'
            when length(companies.company_name) > 64 then 'name_too_long'      -- partners.name
        end as reject_reason
    from companies
)

select * from final
