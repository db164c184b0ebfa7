{% macro planned_ids(entity) -%}
    select
        _sonar_key,
        planned_id
    from {{ ref('int_crosswalk') }}
    where
        target = (select target from {{ ref('stg_splynx__current_target') }})
        and entity = '{{ entity }}'
{%- endmacro %}
