{% macro outcomes_of_merged_rows(
    collection, screened, owner_id, owners, mart, owner_rejected, customer_key='null::text'
) -%}
    select
        '{{ collection }}' as collection,
        screened._sonar_key,
        '{{ collection }}' as entity,
        case
            when owners.exclude_rule is not null then 'excluded'
            when owners.reject_reason is not null then 'rejected'
            when screened.exclude_rule is not null then 'excluded'
            when screened.reject_reason is not null then 'rejected'
            when mart._sonar_key is not null then 'merged'
        end as outcome,
        case
            when owners.exclude_rule is not null then owners.exclude_rule
            when owners.reject_reason is not null then '{{ owner_rejected }}'
            when screened.exclude_rule is not null then screened.exclude_rule
            when screened.reject_reason is not null then screened.reject_reason
            else 'into_{{ mart }}'
        end as reason,
        {{ customer_key }} as _customer_key
    from {{ ref(screened) }} as screened
    left join {{ ref(owners) }} as owners on screened.{{ owner_id }} = owners.{{ owner_id }}
    left join {{ ref(mart) }} as mart on owners._sonar_key = mart._sonar_key
{%- endmacro %}
