-- What needs an id in the tables of networks and of inventory.
{% for part in ['network', 'inventory'] %}
select
    entity,
    _sonar_key,
    sonar_id,
    matched_id
from {{ ref('int_' ~ part ~ '__planned') }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
