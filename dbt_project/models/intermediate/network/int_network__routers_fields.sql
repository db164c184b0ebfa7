-- The additional fields of routers.
select *
from {{ ref('int_network__fields') }}
where splynx_table = 'routers'
