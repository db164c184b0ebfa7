with outcomes as (
    select * from {{ ref('audit_record_outcomes') }}
),

final as (
    select
        entity,
        collection,
        _sonar_key,
        _customer_key,
        reason
    from outcomes
    where outcome = 'rejected'
)

select * from final
