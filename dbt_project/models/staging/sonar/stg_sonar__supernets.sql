select
    _sonar_key,
    (payload->>'id')::bigint as sonar_supernet_id,
    {{ clean_text("payload->>'name'") }} as network_name,
    {{ ip_network("payload->>'subnet'") }} as network
from {{ source('sonar', 'supernets') }}
where _deleted_at is null
