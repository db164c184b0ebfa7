-- Control total across all layers: the units' prices in the mart are Sonar's cents, to the cent.
with raw_services as (
    select
        payload->>'id' as service_id,
        (payload->>'amount')::bigint as amount_cents
    from {{ source('sonar', 'services') }}
    where _deleted_at is null
),

raw_account_services as (
    select
        _sonar_key,
        payload->>'service_id' as service_id,
        (payload->>'price_override')::bigint as override_cents
    from {{ source('sonar', 'account_services') }}
    where _deleted_at is null
),

services_internet as (
    select * from {{ ref('services_internet') }}
),

final as (
    select
        services_internet._sonar_key,
        services_internet.unit_price,
        coalesce(raw_account_services.override_cents, raw_services.amount_cents) as price_cents
    from services_internet
    left join raw_account_services
        on services_internet._sonar_key = raw_account_services._sonar_key
    left join raw_services on raw_account_services.service_id = raw_services.service_id
    where
        services_internet.unit_price * 100
        is distinct from coalesce(raw_account_services.override_cents, raw_services.amount_cents)
)

select * from final
