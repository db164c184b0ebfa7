-- The additional fields of network_sites.
select *
from {{ ref('int_network__fields') }}
where splynx_table = 'network_sites'
