-- Never 0, and within the smallest type that holds them.
select
    entity,
    _sonar_key,
    planned_id
from {{ ref('int_crosswalk') }}
where
    target = (select target from {{ ref('stg_splynx__current_target') }})
    and planned_id not between 1 and {{ var('highest_planned_id') }}
