-- The additional fields of services_internet.
select *
from {{ ref('int_services__fields') }}
where splynx_table = 'services_internet'
