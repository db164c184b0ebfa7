select
    _sonar_key,
    (payload->>'id')::bigint as sonar_inventory_field_data_id,
    (payload->>'inventory_item_id')::bigint as sonar_inventory_item_id,
    (payload->>'inventory_model_field_id')::bigint as sonar_inventory_model_field_id,
    {{ clean_text("payload->>'value'") }} as field_value
from {{ source('sonar', 'inventory_model_field_data') }}
where _deleted_at is null
