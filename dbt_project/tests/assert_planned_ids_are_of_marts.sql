-- Ids are planned for tables that a mart exists for, and for no other.
select distinct entity
from {{ ref('int_crosswalk') }}
where
    target = (select target from {{ ref('stg_splynx__current_target') }})
    and entity not in (
        {% for mart, _, has in mapped_marts() if has == 'ids' %}
            '{{ mart }}'{% if not loop.last %},{% endif %}
        {% endfor %}
    )
