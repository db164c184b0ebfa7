{% set values = {
    'profile_field': 'methods.customer_profile_id',
    'number_field': 'methods.masked_number',
    'expiry_field': "to_char(methods.expires_in, 'MM/YYYY')",
    'holder_field': 'methods.holder',
} %}
with methods as (
    select *
    from {{ ref('int_money__payment_methods') }}
    where exclude_rule is null and reject_reason is null
),

customer_ids as (
    {{ planned_ids('customers') }}
),

final as (
    select
        methods._sonar_key,
        methods._customer_key,
        methods.payment_account_id as account_id,
        customer_ids.planned_id as customer_id,
        {% for field in range(1, 11) %}
            case {{ field }}
                {% for name, value in values.items() %}
                    when methods.{{ name }} then {{ value }}
                {% endfor %}
            end::varchar as field_{{ field }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from methods
    left join customer_ids on methods._customer_key = customer_ids._sonar_key
)

select * from final
