-- Each call and whether it becomes a note of a customer. A subject that is longer than a title also
-- starts the text.
with call_logs as (
    select * from {{ ref('stg_sonar__call_logs') }}
),

customers as (
    select * from {{ ref('int_customers__screened') }}
),

joined as (
    select
        call_logs.*,
        customers._sonar_key as customer_key,
        customers.exclude_rule as customer_rule,
        customers.reject_reason as customer_reason,
        concat_ws(
            '<br>',
            case
                when length(call_logs.subject) > 50 then {{ html_text('call_logs.subject') }}
            end,
            nullif(call_logs.body, ''),
            'Duration: ' || call_logs.duration_seconds || ' seconds'
        ) as message
    from call_logs
    left join customers on call_logs.sonar_account_id = customers.sonar_account_id
),

final as (
    select
        joined._sonar_key,
        joined.sonar_call_log_id,
        joined.customer_key,
        joined.sonar_user_id,
        joined.message,
        left(joined.subject, 50) as title,
        joined.created_at,
        joined.customer_rule as exclude_rule,
        case
            when joined.customer_rule is not null then null
            when joined.customer_key is null then 'account_missing'
            when joined.customer_reason is not null then 'customer_rejected'
            when octet_length(joined.message) > 65535 then 'message_too_long'
        end as reject_reason
    from joined
)

select * from final
