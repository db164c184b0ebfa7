-- Lower case, because Splynx compares these values in a collation that ignores case.
select
    target_business_key.table_name,
    target_business_key.column_name,
    lower(target_business_key.value) as value,
    target_business_key.id
from {{ source('ops', 'target_business_key') }} as target_business_key
where target_business_key.target = (select target from {{ ref('stg_splynx__current_target') }})
