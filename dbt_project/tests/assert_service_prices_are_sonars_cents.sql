-- Control total across all layers: what the marts charge is Sonar's cents, to the cent. A bundle and
-- its members are one sum, whoever of them bears the price.
with frequencies as (
    {% for details in ['data', 'voice', 'recurring', 'expiring'] %}
        select
            payload->>'service_id' as service_id,
            (payload->>'billing_frequency')::integer as months
        from {{ source('sonar', details ~ '_service_details') }}
        where _deleted_at is null
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

months_of_services as (
    select
        service_id,
        min(months) as months
    from frequencies
    group by service_id
),

raw_lines as (
    select
        lines.payload->>'account_service_id' as account_service_key,
        sum(
            (lines.payload->>'quantity')::bigint
            * coalesce(lines.payload->>'price_override', parameters.payload->>'price')::bigint
        ) as cents
    from {{ source('sonar', 'account_voice_service_details') }} as lines
    left join {{ source('sonar', 'voice_service_generic_parameters') }} as parameters
        on
            lines.payload->>'voice_service_generic_parameter_id' = parameters._sonar_key
            and parameters._deleted_at is null
    where lines._deleted_at is null
    group by lines.payload->>'account_service_id'
),

raw_prices as (
    select
        account_services._sonar_key,
        coalesce(months_of_services.months, 1) as months,
        (account_services.payload->>'quantity')::bigint * (
            coalesce(
                account_services.payload->>'price_override', services.payload->>'amount'
            )::bigint
            + case
                when services.payload->>'type' = 'VOICE' then coalesce(raw_lines.cents, 0) else 0
            end
        ) as cents
    from {{ source('sonar', 'account_services') }} as account_services
    left join {{ source('sonar', 'services') }} as services
        on account_services.payload->>'service_id' = services._sonar_key
    left join months_of_services
        on account_services.payload->>'service_id' = months_of_services.service_id
    left join raw_lines on account_services._sonar_key = raw_lines.account_service_key
),

marts as (
    {% for kind in ['internet', 'voice', 'custom'] %}
        select
            coalesce('bundle ' || services.bundle_service_id, '{{ kind }} ' || services.id)
                as priced,
            services._sonar_key,
            round(services.unit_price * services.quantity * raw_prices.months * 100, 0)
                as mart_cents,
            raw_prices.cents as sonar_cents
        from {{ ref('services_' ~ kind) }} as services
        left join raw_prices on services._sonar_key = raw_prices._sonar_key
        union all
    {% endfor %}
    select
        'bundle ' || id as priced,
        _sonar_key,
        unit_price * 100 as mart_cents,
        0 as sonar_cents
    from {{ ref('services_bundle') }}
),

final as (
    select
        priced,
        min(_sonar_key) as _sonar_key,
        sum(mart_cents) as mart_cents,
        sum(sonar_cents) as sonar_cents
    from marts
    group by priced
    having
        sum(mart_cents) is distinct from sum(sonar_cents)
        or bool_or(sonar_cents is null)
)

select * from final
