-- What needs an id in the tables of tickets, of jobs and of documents.
{% for part in ['tickets', 'field'] %}
select
    entity,
    _sonar_key,
    sonar_id,
    matched_id
from {{ ref('int_' ~ part ~ '__planned') }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
