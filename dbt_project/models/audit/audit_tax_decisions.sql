-- What staff have to decide about taxes, because Splynx has one tax per plan and none by customer.
with plans as (
    select *
    from {{ ref('int_services__tariffs_screened') }}
    where splynx_table is not null and exclude_rule is null and reject_reason is null
),

links as (
    select * from {{ ref('int_services__tax_links') }}
),

billing_parameters as (
    select *
    from {{ ref('stg_sonar__account_billing_parameters') }}
    where is_tax_exempt
),

customers as (
    select * from {{ ref('customers') }}
),

linked as (
    select
        sonar_service_id,
        max(mapped_taxes) as mapped_taxes,
        count(*) filter (where tax_key is null) as lost_taxes,
        max(exemption_cents) as exemption_cents
    from links
    group by sonar_service_id
),

of_plans as (
    select
        plans.splynx_table,
        plans._sonar_key,
        decisions.decision_needed
    from plans
    left join linked on plans.sonar_service_id = linked.sonar_service_id
    cross join lateral (
        values
        (case when linked.mapped_taxes > 1 then 'several_taxes' end),
        (case when linked.lost_taxes > 0 then 'tax_not_loaded' end),
        (case when linked.exemption_cents > 0 then 'exempt_amount' end),
        (case when plans.tax_definition_id is not null then 'tax_service' end)
    ) as decisions (decision_needed)
    where decisions.decision_needed is not null
),

of_customers as (
    select distinct
        'customers' as splynx_table,
        customers._sonar_key,
        'exempt_customer' as decision_needed
    from billing_parameters
    inner join customers on billing_parameters.sonar_account_id::text = customers._sonar_key
),

final as (
    select * from of_plans
    union all
    select * from of_customers
)

select * from final
