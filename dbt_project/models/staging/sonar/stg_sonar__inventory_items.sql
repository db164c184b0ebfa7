select
    _sonar_key,
    (payload->>'id')::bigint as sonar_inventory_item_id,
    (payload->>'inventory_model_id')::bigint as sonar_inventory_model_id,
    payload->>'inventoryitemable_type' as owner_type,
    (payload->>'inventoryitemable_id')::bigint as owner_id,
    payload->>'status' as item_status,
    (payload->>'account_service_id')::bigint as sonar_account_service_id,
    (payload->>'purchase_price')::bigint as purchase_price_cents,
    (payload->>'quantity')::integer as quantity,
    (payload->>'parent_inventory_item_id')::bigint as parent_inventory_item_id,
    (payload->>'segment_parent_id')::bigint as segment_parent_id,
    {{ clean_text("payload->>'metadata'") }} as metadata,
    (payload->>'created_at')::timestamptz as created_at,
    (payload->>'updated_at')::timestamptz as updated_at
from {{ source('sonar', 'inventory_items') }}
where _deleted_at is null
