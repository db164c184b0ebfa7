select
    _sonar_key,
    (payload->>'id')::bigint as sonar_account_id,
    {{ clean_text("payload->>'name'") }} as account_name,
    (payload->>'account_status_id')::bigint as account_status_id,
    (payload->>'account_type_id')::bigint as account_type_id,
    (payload->>'company_id')::bigint as company_id,
    (payload->>'parent_account_id')::bigint as parent_account_id,
    (payload->>'activation_date')::date as activation_date,
    (payload->>'archived_at')::timestamptz as archived_at,
    (payload->>'is_delinquent')::boolean as is_delinquent,
    {{ clean_text("payload->>'geopoint'") }} as geopoint,
    (payload->>'next_bill_date')::date as next_bill_date,
    coalesce(
        jsonb_path_query_array(payload, '$.account_groups.entities[*].id'), '[]'
    ) as account_group_ids,
    (payload->>'created_at')::timestamptz as created_at,
    (payload->>'updated_at')::timestamptz as updated_at
from {{ source('sonar', 'accounts') }}
where _deleted_at is null
