-- Rows a load announced and has not confirmed: they may be in the target already.
select
    row_state.table_name as entity,
    row_state._sonar_key,
    (row_state.row_key->>'id')::bigint as planned_id
from {{ source('ops', 'row_state') }} as row_state
where
    row_state.target = (select target from {{ ref('stg_splynx__current_target') }})
    and row_state.state = 'intended'
    and row_state.row_key->>'id' is not null
