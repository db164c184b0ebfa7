-- Every source record that goes on and needs an id of its own in the target, or stands for a row
-- that the target has already (matched_id).
{% for area in mapped_areas() %}
select
    entity,
    _sonar_key,
    sonar_id,
    matched_id
from {{ ref('int_' ~ area ~ '__candidates') }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
