{% macro availability(plans, side) -%}
    with plans as (
        select *
        from {{ ref(plans) }}
        where exclude_rule is null and reject_reason is null
    ),

    {% if side == 'partners' -%}
        sides as (
            select
                company_id,
                case when merge_rule is not null then 'default' else _sonar_key end as side
            from {{ ref('int_people__companies') }}
            where exclude_rule is null and reject_reason is null
            union
            select
                0::bigint as company_id,
                'default' as side
        ),
    {%- else -%}
        sides as (
            select
                null::bigint as company_id,
                side
            from (
                values
                {% for value in {
                    'locations': [var('default_location_id') | string],
                    'customer_categories': ['person', 'company'],
                    'billing_types': ['recurring', 'prepaid', 'prepaid_monthly'],
                }[side] %}
                    ('{{ value }}'){% if not loop.last %},{% endif %}
                {% endfor %}
            ) as sides (side)
        ),
    {%- endif %}

    -- A plan whose company has no partner is offered by the default one.
    placed as (
        select
            plans._sonar_key,
            case
                when plans.company_id in (select sides.company_id from sides)
                    or plans.company_id is null
                    then plans.company_id
                else 0
            end as company_id
        from plans
    ),

    final as (
        select distinct
            placed._sonar_key || ':' || sides.side as _sonar_key,
            placed._sonar_key as plan_key,
            sides.side,
            null::text as exclude_rule,
            null::text as reject_reason
        from placed
        inner join sides
            on
                sides.company_id is null
                or placed.company_id is null
                or placed.company_id = sides.company_id
    )

    select * from final
{%- endmacro %}
