select
    _sonar_key,
    (payload->>'id')::bigint as sonar_ip_pool_id,
    (payload->>'subnet_id')::bigint as sonar_subnet_id,
    {{ clean_text("payload->>'name'") }} as pool_name,
    {{ clean_text("payload->>'ip_range'") }} as ip_range,
    {{ ip_network("split_part(payload->>'ip_range', '-', 1)") }} as first_address,
    {{ ip_network("split_part(payload->>'ip_range', '-', 2)") }} as last_address
from {{ source('sonar', 'ip_pools') }}
where _deleted_at is null
