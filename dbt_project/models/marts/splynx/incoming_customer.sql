with senders as (
    select *
    from {{ ref('int_tickets__senders') }}
    where reject_reason is null and exclude_rule is null
),

sender_ids as (
    {{ planned_ids('incoming_customer') }}
),

final as (
    select
        senders._sonar_key,
        sender_ids.planned_id as id,
        senders.email_address::varchar as email,
        senders.sender_name::varchar as name,
        null::bigint as customer_id
    from senders
    left join sender_ids on senders._sonar_key = sender_ids._sonar_key
)

select * from final
