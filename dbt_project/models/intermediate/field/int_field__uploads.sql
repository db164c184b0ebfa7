-- The files of messages and of tasks.
with final as (
    select
        _sonar_key,
        sonar_file_id,
        destination,
        customer_key,
        job_key,
        message_key,
        file_name,
        md5('file:' || sonar_unique_id || file_name) as public_id,
        exclude_rule,
        reject_reason
    from {{ ref('int_field__files') }}
    where destination in ('message', 'job')
)

select * from final
