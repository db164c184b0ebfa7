{% for collection, model in mapped_collections() %}
select
    '{{ collection }}' as collection,
    count(*) filter (where _deleted_at is null) as live_rows,
    count(*) filter (where _deleted_at is not null) as deleted_rows
from {{ source('sonar', collection) }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
