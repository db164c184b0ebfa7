select
    _sonar_key,
    (payload->>'id')::bigint as sonar_general_ledger_code_id,
    {{ clean_text("payload->>'code'") }} as code,
    {{ clean_text("payload->>'description'") }} as description
from {{ source('sonar', 'general_ledger_codes') }}
where _deleted_at is null
