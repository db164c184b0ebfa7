-- What became of the records behind tickets and their messages.
with own_rows as (
    {{ outcomes_of_own_rows(
        'ticket_groups',
        'int_tickets__ticket_groups',
        'ticket_groups',
        merge_rule='screened.merge_rule'
    ) }}
    union all
    {{ outcomes_of_own_rows(
        'ticket_categories',
        'int_tickets__categories',
        'ticket_types',
        merge_rule='screened.merge_rule'
    ) }}
    union all
    {{ outcomes_of_own_rows(
        'tickets', 'int_tickets__screened', 'ticket', 'screened.customer_key'
    ) }}
),

messages as (
    {% for collection, part in [('ticket_replies', 'reply'), ('ticket_comments', 'comment')] %}
        select
            '{{ collection }}' as collection,
            records._sonar_key,
            '{{ collection }}' as entity,
            case
                when messages.exclude_rule is not null then 'excluded'
                when messages.reject_reason is not null then 'rejected'
                when ticket_messages._sonar_key is not null then 'mart'
            end as outcome,
            coalesce(messages.exclude_rule, messages.reject_reason) as reason,
            messages.customer_key as _customer_key
        from {{ ref('stg_sonar__' ~ collection) }} as records
        inner join {{ ref('int_tickets__messages') }} as messages
            on '{{ part }}:' || records._sonar_key = messages._sonar_key
        left join {{ ref('ticket_messages') }} as ticket_messages
            on messages._sonar_key = ticket_messages._sonar_key
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

recipients as (
    select
        'ticket_recipients' as collection,
        recipients._sonar_key,
        'ticket_recipients' as entity,
        case
            when recipients.exclude_rule is not null then 'excluded'
            when recipients.reject_reason is not null then 'rejected'
            when ticket_messages._sonar_key is not null then 'merged'
        end as outcome,
        coalesce(
            recipients.exclude_rule, recipients.reject_reason, 'into_ticket_messages'
        ) as reason,
        recipients.customer_key as _customer_key
    from {{ ref('int_tickets__recipients') }} as recipients
    left join {{ ref('ticket_messages') }} as ticket_messages
        on recipients.message_key = ticket_messages._sonar_key
),

final as (
    select * from own_rows where outcome is not null
    union all
    select * from messages where outcome is not null
    union all
    select * from recipients where outcome is not null
    union all
    {{ outcomes_of_code_list(
        'inbound_mailboxes', 'stg_sonar__inbound_mailboxes', 'merged', 'lookup'
    ) }}
)

select * from final
