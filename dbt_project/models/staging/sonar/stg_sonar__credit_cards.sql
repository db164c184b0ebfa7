select
    _sonar_key,
    (payload->>'id')::bigint as sonar_credit_card_id,
    (payload->>'account_id')::bigint as sonar_account_id,
    (payload->>'credit_card_processor_id')::bigint as sonar_processor_id,
    (payload->>'auto')::boolean as is_auto,
    payload->>'credit_card_type' as card_type,
    {{ clean_text("payload->>'masked_number'") }} as masked_number,
    {{ clean_text("payload->>'name_on_card'") }} as name_on_card,
    (payload->>'expiration_month')::integer as expiration_month,
    (payload->>'expiration_year')::integer as expiration_year,
    {{ clean_text("payload->>'token'") }} as token,
    {{ clean_text("payload->>'customer_profile_id'") }} as customer_profile_id,
    (payload->>'created_at')::timestamptz as created_at,
    (payload->>'updated_at')::timestamptz as updated_at
from {{ source('sonar', 'credit_cards') }}
where _deleted_at is null
