-- The account services that belong into services_custom.
select *
from {{ ref('int_services__completed') }}
where splynx_table = 'services_custom'
