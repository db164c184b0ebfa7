select
    _sonar_key,
    (payload->>'id')::bigint as sonar_inventory_model_id,
    {{ clean_text("payload->>'name'") }} as product_name,
    {{ clean_text("payload->>'model_name'") }} as model_number,
    (payload->>'generic')::boolean as is_generic,
    (payload->>'enabled')::boolean as is_enabled,
    (payload->>'manufacturer_id')::bigint as sonar_manufacturer_id,
    (payload->>'inventory_model_category_id')::bigint as sonar_category_id
from {{ source('sonar', 'inventory_models') }}
where _deleted_at is null
