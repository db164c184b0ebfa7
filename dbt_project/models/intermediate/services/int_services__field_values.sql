-- The values of the additional fields of services, before they are parted by table.
with services as (
    select *
    from {{ ref('int_services__completed') }}
    where exclude_rule is null and reject_reason is null
),

numbers as (
    select
        service_key,
        string_agg(number, ',' order by number) as numbers
    from {{ ref('int_services__numbers') }}
    where exclude_rule is null and reject_reason is null
    group by service_key
),

lines as (
    select
        account_service_key,
        string_agg(
            quantity || ' x ' || coalesce(parameter_name, '?'), ', ' order by sonar_voice_line_id
        ) as lines
    from {{ ref('int_services__voice_lines') }}
    where exclude_rule is null and reject_reason is null
    group by account_service_key
),

final as (
    select
        services._sonar_key || ':' || fields.name as _sonar_key,
        services._customer_key,
        services._sonar_key as service_key,
        services.splynx_table,
        fields.name,
        fields.value,
        null::text as exclude_rule,
        null::text as reject_reason
    from services
    left join numbers
        on
            services._sonar_key = numbers.service_key
            and services.splynx_table = 'services_voice'
    left join lines
        on
            services._sonar_key = lines.account_service_key
            and services.splynx_table = 'services_voice'
    cross join lateral (
        values
        ('sonar_id', services._sonar_key),
        ('sonar_start_date', services.sonar_start_date::text),
        ('sonar_phone_numbers', numbers.numbers),
        ('sonar_lines', lines.lines)
    ) as fields (name, value)
    where fields.value is not null
)

select * from final
