with links as (
    select *
    from {{ ref('int_customers__group_links') }}
    where reject_reason is null and exclude_rule is null
),

customer_ids as (
    {{ planned_ids('customers') }}
),

label_ids as (
    {{ planned_ids('labels') }}
),

final as (
    select
        links._sonar_key,
        links._customer_key,
        customer_ids.planned_id as customer_id,
        label_ids.planned_id as label_id
    from links
    left join customer_ids on links._customer_key = customer_ids._sonar_key
    left join label_ids on links.label_key = label_ids._sonar_key
)

select * from final
