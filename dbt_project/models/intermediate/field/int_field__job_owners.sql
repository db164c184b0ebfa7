-- For whom each job is: a customer or a network site.
with jobs as (
    select * from {{ ref('stg_sonar__jobs') }}
),

customers as (
    select * from {{ ref('int_customers__screened') }}
),

sites as (
    select * from {{ ref('stg_sonar__network_sites') }}
),

companies as (
    select *
    from {{ ref('int_people__companies') }}
    where merge_rule is null and exclude_rule is null and reject_reason is null
),

final as (
    select
        jobs._sonar_key,
        jobs.sonar_job_type_id,
        customers._sonar_key as customer_key,
        coalesce(customers.partner_key, companies._sonar_key, 'default') as partner_key,
        coalesce(customers.account_name, sites.site_name) as owner_name,
        sites.site_name,
        customers.exclude_rule as owner_rule,
        case
            when customers.exclude_rule is not null then null
            when jobs.owner_type is null or jobs.owner_type not in ('Account', 'NetworkSite')
                then 'owner_not_mapped'
            when jobs.owner_type = 'Account' and customers._sonar_key is null
                then 'account_missing'
            when customers.reject_reason is not null then 'customer_rejected'
            when jobs.owner_type = 'NetworkSite' and sites._sonar_key is null
                then 'owner_missing'
        end as owner_reason
    from jobs
    left join customers
        on jobs.owner_type = 'Account' and jobs.owner_id = customers.sonar_account_id
    left join sites
        on jobs.owner_type = 'NetworkSite' and jobs.owner_id = sites.sonar_network_site_id
    left join companies on sites.company_id = companies.company_id
)

select * from final
