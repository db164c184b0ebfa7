select
    _sonar_key,
    (payload->>'id')::bigint as sonar_ip_assignment_id,
    payload->>'ipassignmentable_type' as owner_type,
    (payload->>'ipassignmentable_id')::bigint as owner_id,
    (payload->>'account_service_id')::bigint as sonar_account_service_id,
    {{ clean_text("payload->>'subnet'") }} as address,
    (payload->>'subnet_id')::bigint as sonar_subnet_id,
    (payload->>'ip_pool_id')::bigint as sonar_ip_pool_id,
    coalesce((payload->>'soft')::boolean, false) as is_dynamic,
    {{ clean_text("payload->>'description'") }} as description,
    {{ clean_text("payload->>'reference'") }} as reference
from {{ source('sonar', 'ip_assignments') }}
where _deleted_at is null
