-- Each value of an added field and whether it becomes an additional field's value of a customer. Of
-- several values of one field the lowest id goes on.
with field_values as (
    select * from {{ ref('stg_sonar__custom_field_data') }}
),

custom_fields as (
    select * from {{ ref('int_people__custom_fields') }}
),

customers as (
    select * from {{ ref('int_customers__screened') }}
),

joined as (
    select
        field_values.*,
        custom_fields.name,
        custom_fields.splynx_type,
        custom_fields._sonar_key as field_key,
        custom_fields.exclude_rule as field_rule,
        custom_fields.reject_reason as field_reason,
        customers._sonar_key as customer_key,
        customers.exclude_rule as customer_rule,
        customers.reject_reason as customer_reason,
        row_number() over (
            partition by
                field_values.owner_type,
                field_values.owner_id,
                field_values.sonar_custom_field_id
            order by field_values.sonar_custom_field_data_id
        ) as place,
        case
            when custom_fields.splynx_type <> 'boolean' then field_values.field_value
            when lower(field_values.field_value) in ('true', '1', 'yes') then '1'
            when lower(field_values.field_value) in ('false', '0', 'no') then '0'
        end as value
    from field_values
    left join custom_fields
        on field_values.sonar_custom_field_id = custom_fields.sonar_custom_field_id
    left join customers
        on
            field_values.owner_id = customers.sonar_account_id
            and field_values.owner_type = 'Account'
),

judged as (
    select
        joined.*,
        case
            when joined.owner_type is distinct from 'Account' then 'field_owner_not_mapped'
            when joined.field_rule is not null then joined.field_rule
            when joined.customer_rule is not null then joined.customer_rule
            when joined.customer_key is null or joined.customer_reason is not null then null
            when joined.place > 1 then 'duplicate_field_value'
        end as exclude_rule
    from joined
),

final as (
    select
        judged._sonar_key,
        judged.customer_key || ':' || judged.name as value_key,
        judged.customer_key,
        judged.name,
        judged.value,
        judged.exclude_rule,
        case
            when judged.exclude_rule is not null then null
            when judged.field_key is null then 'field_missing'
            when judged.customer_key is null then 'account_missing'
            when judged.customer_reason is not null then 'customer_rejected'
            when judged.field_reason is not null then 'field_rejected'
            when judged.splynx_type = 'boolean' and judged.value is null
                and judged.field_value is not null then 'value_not_boolean'
            when
                judged.splynx_type = 'date'
                and judged.value !~ '^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$'
                then 'value_not_date'
            when octet_length(judged.value) > 65535 then 'value_too_long'
        end as reject_reason
    from judged
)

select * from final
