-- The checklist of each ticket, which becomes a note of it.
with final as (
    select
        'checklist:' || owner_key as _sonar_key,
        owner_key as ticket_key,
        owner_id as sonar_ticket_id,
        message,
        written_at
    from {{ ref('int_field__checklists') }}
    where owner_type = 'Ticket'
)

select * from final
