-- An administrator that map_admins names must be in the target, or notes get a wrong author. Before
-- an inspection nothing is known.
with map_admins as (
    select * from {{ ref('map_admins') }}
),

taken_keys as (
    select value
    from {{ ref('int_crosswalk__taken_keys') }}
    where entity = 'admins' and column_name = 'login'
),

current_target as (
    select target from {{ ref('stg_splynx__current_target') }}
),

final as (
    select map_admins.splynx_login
    from map_admins
    left join taken_keys on lower(map_admins.splynx_login) = taken_keys.value
    where
        taken_keys.value is null
        and (select target from current_target) <> 'uninspected'
)

select * from final
