-- The additional fields of services_voice.
select *
from {{ ref('int_services__fields') }}
where splynx_table = 'services_voice'
