-- The manufacturers that become a row of inventory_vendors.
select
    _sonar_key,
    sonar_manufacturer_id,
    manufacturer_name,
    exclude_rule,
    reject_reason
from {{ ref('int_inventory__manufacturers') }}
where merge_rule is null
