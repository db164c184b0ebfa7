-- What became of the records behind tickets, jobs and documents.
{% for part in ['tickets', 'field'] %}
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
