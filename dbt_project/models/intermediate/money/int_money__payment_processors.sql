-- Every processor of cards and bank accounts, and by which route its payment methods go on.
with processors as (
    select
        'credit_card_processors' as collection,
        'card' as kind,
        _sonar_key,
        sonar_processor_id,
        provider
    from {{ ref('stg_sonar__credit_card_processors') }}
    union all
    select
        'bank_account_processors' as collection,
        'bank_account' as kind,
        _sonar_key,
        sonar_processor_id,
        provider
    from {{ ref('stg_sonar__bank_account_processors') }}
),

routes as (
    select * from {{ ref('map_payment_processors') }}
),

final as (
    select
        processors.collection || ':' || processors._sonar_key as _sonar_key,
        processors.collection,
        processors._sonar_key as record_key,
        processors.kind,
        processors.sonar_processor_id,
        processors.provider,
        coalesce(routes.route, 're_entry') as route,
        routes.payment_account_id,
        routes.token_field,
        routes.profile_field,
        routes.number_field,
        routes.expiry_field,
        routes.holder_field,
        case when routes.provider is not null then 'map_payment_processors' end as merge_rule,
        case when routes.provider is null then 'processor_not_mapped' end as exclude_rule
    from processors
    left join routes on processors.kind = routes.kind and processors.provider = routes.provider
)

select * from final
