select
    target_id.table_name,
    target_id.id
from {{ source('ops', 'target_id') }} as target_id
where target_id.target = (select target from {{ ref('stg_splynx__current_target') }})
