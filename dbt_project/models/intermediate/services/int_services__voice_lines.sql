-- What was added to voice services of accounts, priced: for one unit of the service and one charge.
with lines as (
    select * from {{ ref('stg_sonar__account_voice_service_details') }}
),

parameters as (
    select * from {{ ref('stg_sonar__voice_service_generic_parameters') }}
),

account_services as (
    select * from {{ ref('stg_sonar__account_services') }}
),

final as (
    select
        lines._sonar_key,
        account_services._sonar_key as account_service_key,
        lines.sonar_voice_line_id,
        parameters.parameter_name,
        lines.quantity,
        coalesce(lines.price_override_cents, parameters.price_cents) * lines.quantity as cents,
        null::text as exclude_rule,
        case
            when account_services._sonar_key is null then 'account_service_missing'
            when lines.price_override_cents is null and parameters.price_cents is null
                then 'missing_price'
        end as reject_reason
    from lines
    left join parameters on lines.sonar_voice_parameter_id = parameters.sonar_voice_parameter_id
    left join account_services
        on lines.sonar_account_service_id = account_services.sonar_account_service_id
)

select * from final
