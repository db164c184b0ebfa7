-- Always one row: before the first inspection ids are planned as if the target were empty.
select coalesce(max(current_target.target), 'uninspected') as target
from {{ source('ops', 'current_target') }} as current_target
