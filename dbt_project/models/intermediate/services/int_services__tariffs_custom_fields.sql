-- The additional fields of tariffs_custom.
select *
from {{ ref('int_services__fields') }}
where splynx_table = 'tariffs_custom'
