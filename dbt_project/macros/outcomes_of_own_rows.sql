{% macro outcomes_of_own_rows(
    collection,
    screened,
    mart,
    customer_key='null::text',
    entity=none,
    mart_key='screened._sonar_key',
    merge_rule='null::text'
) -%}
    select
        '{{ collection }}' as collection,
        screened._sonar_key,
        '{{ entity or mart }}' as entity,
        case
            when screened.exclude_rule is not null then 'excluded'
            when screened.reject_reason is not null then 'rejected'
            when {{ merge_rule }} is not null then 'merged'
            when mart._sonar_key is not null then 'mart'
        end as outcome,
        coalesce(screened.exclude_rule, screened.reject_reason, {{ merge_rule }}) as reason,
        {{ customer_key }} as _customer_key
    from {{ ref(screened) }} as screened
    left join {{ ref(mart) }} as mart on {{ mart_key }} = mart._sonar_key
{%- endmacro %}
