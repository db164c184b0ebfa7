-- The additional fields of ipv4_networks.
select *
from {{ ref('int_network__fields') }}
where splynx_table = 'ipv4_networks'
