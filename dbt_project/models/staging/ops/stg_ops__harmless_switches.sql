-- Switches of the current target that were seen at rest, or that an operator vouched for.
select switch
from {{ source('ops', 'target_switch') }}
where
    target = (select target from {{ ref('stg_splynx__current_target') }})
    and state = 'off'
union
select switch
from {{ source('ops', 'switch_attestation') }}
where target = (select target from {{ ref('stg_splynx__current_target') }})
