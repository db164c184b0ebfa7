-- The files of messages.
with final as (
    select
        _sonar_key,
        customer_key,
        message_key,
        exclude_rule,
        reject_reason
    from {{ ref('int_field__uploads') }}
    where destination = 'message'
)

select * from final
