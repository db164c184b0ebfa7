-- The values of the additional fields of services_voice.
select
    *,
    service_key as owner_key
from {{ ref('int_services__field_values') }}
where splynx_table = 'services_voice'
