-- The catalogue services that belong into tariffs_custom.
select *
from {{ ref('int_services__tariffs_screened') }}
where splynx_table = 'tariffs_custom'
