-- Amounts are moved as numbers: both sides must mean the same currency by them.
select currency
from {{ ref('stg_sonar__system_settings') }}
where currency <> '{{ var("currency") }}'
