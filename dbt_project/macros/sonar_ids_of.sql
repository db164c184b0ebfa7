{% macro sonar_ids_of(owners) -%}
    with owners as (
        select *
        from {{ ref(owners) }}
        where exclude_rule is null and reject_reason is null
    ),

    final as (
        select
            _sonar_key || ':sonar_id' as _sonar_key,
            _sonar_key as owner_key,
            'sonar_id' as name,
            _sonar_key as value,
            null::text as exclude_rule,
            null::text as reject_reason
        from owners
    )

    select * from final
{%- endmacro %}
