select
    _sonar_key,
    (payload->>'id')::bigint as sonar_category_id,
    {{ clean_text("payload->>'name'") }} as category_name
from {{ source('sonar', 'inventory_model_categories') }}
where _deleted_at is null
