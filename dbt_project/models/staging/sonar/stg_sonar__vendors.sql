select
    _sonar_key,
    (payload->>'id')::bigint as sonar_vendor_id,
    {{ clean_text("payload->>'name'") }} as vendor_name,
    coalesce((payload->>'archived')::boolean, false) as is_archived
from {{ source('sonar', 'vendors') }}
where _deleted_at is null
