-- The account services that belong into services_voice.
select *
from {{ ref('int_services__completed') }}
where splynx_table = 'services_voice'
