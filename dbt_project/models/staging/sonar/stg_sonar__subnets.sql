select
    _sonar_key,
    (payload->>'id')::bigint as sonar_subnet_id,
    (payload->>'supernet_id')::bigint as sonar_supernet_id,
    {{ clean_text("payload->>'name'") }} as network_name,
    payload->>'type' as subnet_type,
    {{ ip_network("payload->>'subnet'") }} as network
from {{ source('sonar', 'subnets') }}
where _deleted_at is null
