-- The discount of each service that bears credits.
with credits as (
    select *
    from {{ ref('int_services__credits') }}
    where host_key is not null
),

summed as (
    select
        host_key as _sonar_key,
        sum(amount) as discount_value,
        max(end_date) as discount_end_date,
        count(*) as credits,
        string_agg(description, ', ' order by sonar_account_service_id) as names
    from credits
    group by host_key
),

final as (
    select
        summed._sonar_key,
        summed.discount_value,
        summed.discount_end_date,
        case
            when length(summed.names) > 512 then summed.credits || ' credits of Sonar'
            else coalesce(summed.names, 'Credit')
        end as discount_text
    from summed
)

select * from final
