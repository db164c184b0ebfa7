select
    _sonar_key,
    (payload->>'id')::bigint as sonar_file_id,
    payload->>'sonar_unique_id' as sonar_unique_id,
    payload->>'fileable_type' as owner_type,
    (payload->>'fileable_id')::bigint as owner_id,
    {{ clean_text("payload->>'filename'") }} as file_name,
    {{ clean_text("payload->>'description'") }} as description,
    (payload->>'user_id')::bigint as sonar_user_id,
    (payload->>'created_at')::timestamptz as created_at,
    (payload->>'updated_at')::timestamptz as updated_at
from {{ source('sonar', 'files') }}
where _deleted_at is null
