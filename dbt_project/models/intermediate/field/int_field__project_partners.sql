-- The partners of each project: those of the companies of its kind of job, or all.
with job_types as (
    select *
    from {{ ref('int_field__job_types') }}
    where exclude_rule is null and reject_reason is null
),

companies as (
    select
        company_id,
        case when merge_rule is not null then 'default' else _sonar_key end as partner_key
    from {{ ref('int_people__companies') }}
    where exclude_rule is null and reject_reason is null
),

named as (
    select
        job_types._sonar_key as job_type_key,
        companies.partner_key
    from job_types
    cross join lateral jsonb_array_elements_text(job_types.company_ids) as ids (company_id)
    inner join companies on ids.company_id::bigint = companies.company_id
    where not coalesce(job_types.is_of_all_companies, false)
),

-- Where no company is named, all of them do such jobs; where none of those named has a partner, the
-- default one does.
others as (
    select
        job_types._sonar_key as job_type_key,
        partners.partner_key
    from job_types
    inner join (
        select
            partner_key,
            true as is_of_company
        from companies
        union all
        select
            'default' as partner_key,
            false as is_of_company
    ) as partners
        on
            not partners.is_of_company
            or coalesce(job_types.is_of_all_companies, false)
            or job_types.company_ids = '[]'
    where job_types._sonar_key not in (select named.job_type_key from named)
),

final as (
    select distinct
        links.job_type_key || ':' || links.partner_key as _sonar_key,
        links.job_type_key,
        links.partner_key,
        null::text as exclude_rule,
        null::text as reject_reason
    from (
        select * from named
        union all
        select * from others
    ) as links
)

select * from final
