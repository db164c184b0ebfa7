-- What was handed over to a row that was taken back and loaded anew since counts no more.
select
    handover.table_name,
    handover.attribute,
    handover._sonar_key,
    handover.state,
    handover.source_changed_at
from {{ source('ops', 'handover') }} as handover
inner join {{ source('ops', 'id_map') }} as id_map
    on
        handover.target = id_map.target
        and handover.table_name = id_map.entity
        and handover._sonar_key = id_map._sonar_key
        and handover.changed_at >= id_map.loaded_at
where handover.target = (select target from {{ ref('stg_splynx__current_target') }})
