-- The Sonar id of each piece of equipment that goes on.
select
    _sonar_key || ':sonar_id' as _sonar_key,
    _sonar_key as item_key,
    'sonar_id' as name,
    sonar_inventory_item_id::text as value,
    null::text as exclude_rule,
    null::text as reject_reason
from {{ ref('int_inventory__items') }}
where exclude_rule is null and reject_reason is null
