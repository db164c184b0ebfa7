{{ config(indexes=[{'columns': ['collection', '_sonar_key']}]) }}
-- What became of each live record. "Mart" is read from the mart itself, so that a row which was
-- decided on and did not arrive has no outcome here.
{% for area in mapped_areas() %}
select
    collection,
    _sonar_key,
    entity,
    outcome,
    reason,
    _customer_key
from {{ ref('audit_' ~ area ~ '_outcomes') }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
