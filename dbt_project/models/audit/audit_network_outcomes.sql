-- What became of the records behind networks, access and inventory.
{% for part in ['networks', 'access', 'inventory'] %}
select
    collection,
    _sonar_key,
    entity,
    outcome,
    reason,
    _customer_key
from {{ ref('audit_' ~ part ~ '_outcomes') }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
