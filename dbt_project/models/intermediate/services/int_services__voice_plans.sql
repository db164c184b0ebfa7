-- The catalogue services that belong into tariffs_voice.
select *
from {{ ref('int_services__tariffs_screened') }}
where splynx_table = 'tariffs_voice'
