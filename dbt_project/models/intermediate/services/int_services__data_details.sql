-- One detail record per data service goes on; Sonar keeps one, so a second one is named.
with details as (
    select * from {{ ref('stg_sonar__data_service_details') }}
),

services as (
    select * from {{ ref('stg_sonar__services') }}
),

owned as (
    select
        details.*,
        services._sonar_key as service_key,
        services.service_type,
        services.application,
        row_number() over (
            partition by services.sonar_service_id
            order by details.sonar_data_service_detail_id
        ) as place
    from details
    left join services on details.sonar_service_id = services.sonar_service_id
),

final as (
    select
        owned._sonar_key,
        owned.sonar_data_service_detail_id,
        owned.sonar_service_id,
        owned.download_kbps,
        owned.upload_kbps,
        owned.billing_frequency_months,
        case
            when owned.service_key is null then null
            when owned.service_type <> 'DATA' or owned.application <> 'DEBIT'
                then 'service_type_not_mapped'
            when owned.place > 1 then 'secondary_detail'
        end as exclude_rule,
        case when owned.service_key is null then 'service_missing' end as reject_reason
    from owned
)

select * from final
