-- The additional fields of services_custom.
select *
from {{ ref('int_services__fields') }}
where splynx_table = 'services_custom'
