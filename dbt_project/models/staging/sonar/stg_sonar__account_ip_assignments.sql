select
    _sonar_key,
    (payload->>'account_id')::bigint as sonar_account_id,
    {{ clean_text("payload->>'subnet'") }} as address
from {{ source('sonar', 'account_ip_assignments') }}
where _deleted_at is null
