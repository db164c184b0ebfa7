-- The additional fields of tariffs_internet.
select *
from {{ ref('int_services__fields') }}
where splynx_table = 'tariffs_internet'
