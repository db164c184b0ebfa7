select
    _sonar_key,
    (payload->>'id')::bigint as ticket_category_id,
    {{ clean_text("payload->>'name'") }} as category_name,
    (payload->>'enabled')::boolean as is_enabled
from {{ source('sonar', 'ticket_categories') }}
where _deleted_at is null
