select
    _sonar_key,
    (payload->>'id')::bigint as sonar_job_type_id,
    {{ clean_text("payload->>'name'") }} as type_name,
    (payload->>'enabled')::boolean as is_enabled,
    (payload->>'all_companies')::boolean as is_of_all_companies,
    coalesce(
        jsonb_path_query_array(payload, '$.companies.entities[*].id'), '[]'
    ) as company_ids,
    (payload->>'default_length_in_minutes')::bigint as default_length_in_minutes,
    (payload->>'created_at')::timestamptz as created_at
from {{ source('sonar', 'job_types') }}
where _deleted_at is null
