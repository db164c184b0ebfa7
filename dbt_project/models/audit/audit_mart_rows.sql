{{ config(indexes=[{'columns': ['entity', '_sonar_key']}]) }}
-- The key of each row that a mart must have, as the models that decide about its rows say it.
{% for mart, screened, _ in mapped_marts() %}
select
    '{{ mart }}' as entity,
    _sonar_key
from {{ ref(screened) }}
where exclude_rule is null and reject_reason is null
{% if not loop.last %}union all{% endif %}
{% endfor %}
