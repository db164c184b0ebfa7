select
    id_map.entity,
    id_map._sonar_key,
    id_map.planned_id,
    id_map.target_id
from {{ source('ops', 'id_map') }} as id_map
where id_map.target = (select target from {{ ref('stg_splynx__current_target') }})
