-- The files of tasks.
with final as (
    select
        _sonar_key,
        customer_key,
        job_key,
        exclude_rule,
        reject_reason
    from {{ ref('int_field__uploads') }}
    where destination = 'job'
)

select * from final
