-- The details of catalogue services, whatever their kind. Sonar keeps one per service, so a second
-- one is named.
with services as (
    select * from {{ ref('stg_sonar__services') }}
),

details as (
    select
        'data_service_details' as collection,
        'DATA' as detail_type,
        _sonar_key,
        sonar_data_service_detail_id as detail_id,
        sonar_service_id,
        billing_frequency_months,
        null::integer as times_to_run,
        download_kbps,
        upload_kbps
    from {{ ref('stg_sonar__data_service_details') }}
    union all
    select
        'voice_service_details' as collection,
        'VOICE' as detail_type,
        _sonar_key,
        sonar_voice_service_detail_id as detail_id,
        sonar_service_id,
        billing_frequency_months,
        null::integer as times_to_run,
        null::bigint as download_kbps,
        null::bigint as upload_kbps
    from {{ ref('stg_sonar__voice_service_details') }}
    union all
    select
        'recurring_service_details' as collection,
        'RECURRING' as detail_type,
        _sonar_key,
        sonar_recurring_service_detail_id as detail_id,
        sonar_service_id,
        billing_frequency_months,
        null::integer as times_to_run,
        null::bigint as download_kbps,
        null::bigint as upload_kbps
    from {{ ref('stg_sonar__recurring_service_details') }}
    union all
    select
        'expiring_service_details' as collection,
        'EXPIRING' as detail_type,
        _sonar_key,
        sonar_expiring_service_detail_id as detail_id,
        sonar_service_id,
        billing_frequency_months,
        times_to_run,
        null::bigint as download_kbps,
        null::bigint as upload_kbps
    from {{ ref('stg_sonar__expiring_service_details') }}
    union all
    select
        'adjustment_service_details' as collection,
        'ADJUSTMENT' as detail_type,
        _sonar_key,
        sonar_adjustment_service_detail_id as detail_id,
        sonar_service_id,
        null::integer as billing_frequency_months,
        null::integer as times_to_run,
        null::bigint as download_kbps,
        null::bigint as upload_kbps
    from {{ ref('stg_sonar__adjustment_service_details') }}
    union all
    select
        'overage_service_details' as collection,
        'OVERAGE' as detail_type,
        _sonar_key,
        sonar_overage_service_detail_id as detail_id,
        sonar_service_id,
        null::integer as billing_frequency_months,
        null::integer as times_to_run,
        null::bigint as download_kbps,
        null::bigint as upload_kbps
    from {{ ref('stg_sonar__overage_service_details') }}
),

owned as (
    select
        details.*,
        services.service_type,
        row_number() over (
            partition by details.collection, details.sonar_service_id order by details.detail_id
        ) as place
    from details
    left join services on details.sonar_service_id = services.sonar_service_id
),

final as (
    select
        owned.collection,
        owned._sonar_key,
        owned.detail_id,
        owned.sonar_service_id,
        owned.billing_frequency_months,
        owned.times_to_run,
        owned.download_kbps,
        owned.upload_kbps,
        case
            when owned.service_type is null then null
            when owned.service_type <> owned.detail_type then 'detail_of_other_type'
            when owned.place > 1 then 'secondary_detail'
        end as exclude_rule,
        case when owned.service_type is null then 'service_missing' end as reject_reason
    from owned
)

select * from final
