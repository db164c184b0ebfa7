select
    _sonar_key,
    (payload->>'id')::bigint as sonar_ticket_id,
    {{ clean_text("payload->>'subject'") }} as subject,
    payload->>'description' as description,
    payload->>'status' as status,
    payload->>'priority' as priority,
    payload->>'ticketable_type' as owner_type,
    (payload->>'ticketable_id')::bigint as owner_id,
    (payload->>'ticket_group_id')::bigint as ticket_group_id,
    (payload->>'user_id')::bigint as sonar_user_id,
    (payload->>'inbound_mailbox_id')::bigint as inbound_mailbox_id,
    (payload->>'parent_ticket_id')::bigint as parent_ticket_id,
    (payload->>'due_date')::date as due_date,
    (payload->>'is_spam')::boolean as is_spam,
    coalesce(
        jsonb_path_query_array(payload, '$.ticket_categories.entities[*].id'), '[]'
    ) as ticket_category_ids,
    (payload->>'created_at')::timestamptz as created_at,
    (payload->>'updated_at')::timestamptz as updated_at
from {{ source('sonar', 'tickets') }}
where _deleted_at is null
