-- Each number that two pieces of equipment claim: which datum lost it, and which piece keeps it.
select
    _sonar_key,
    item_key,
    keeper_key,
    reject_reason as reason
from {{ ref('int_inventory__field_data') }}
where keeper_key is not null
