-- Every catalogue service with what its internet plan will hold, and what keeps it back.
with services as (
    select * from {{ ref('stg_sonar__services') }}
),

details as (
    select *
    from {{ ref('int_services__data_details') }}
    where exclude_rule is null and reject_reason is null
),

taken_keys as (
    select value
    from {{ ref('int_crosswalk__taken_keys') }}
    where entity = 'tariffs_internet' and column_name = 'title'
),

joined as (
    select
        services.*,
        details._sonar_key as detail_key,
        details.download_kbps,
        details.upload_kbps,
        details.billing_frequency_months,
        services.service_type <> 'DATA' or services.application <> 'DEBIT' as is_other_kind
    from services
    left join details on services.sonar_service_id = details.sonar_service_id
),

-- Splynx refuses a second plan of one title, Sonar does not: the Sonar id tells them apart.
titled as (
    select
        joined.*,
        case
            when
                count(*) over (partition by joined.is_other_kind, lower(joined.service_name)) > 1
                or taken_keys.value is not null
                then joined.service_name || ' (' || joined.sonar_service_id || ')'
            else joined.service_name
        end as title
    from joined
    left join taken_keys on lower(joined.service_name) = taken_keys.value
),

final as (
    select
        titled._sonar_key,
        titled.sonar_service_id,
        titled.service_name,
        titled.title,
        titled.amount_cents * 0.01 as price,
        titled.download_kbps,
        titled.upload_kbps,
        case when titled.is_enabled then '1' else '0' end as available_for_services,
        case when titled.is_other_kind then 'service_type_not_mapped' end as exclude_rule,
        case
            when titled.is_other_kind then null
            when titled.service_name is null then 'missing_title'
            when titled.detail_key is null then 'missing_detail'
            when length(titled.title) > 64 then 'title_too_long'
            when title_taken.value is not null then 'title_taken'
            when titled.billing_frequency_months <> 1 then 'billing_frequency_not_monthly'
            when titled.amount_cents is null then 'missing_amount'
            when titled.amount_cents < 0 then 'negative_amount'
            when titled.download_kbps not between 0 and 4294967295 then 'speed_out_of_range'
            when titled.upload_kbps not between 0 and 4294967295 then 'speed_out_of_range'
        end as reject_reason
    from titled
    left join taken_keys as title_taken on lower(titled.title) = title_taken.value
)

select * from final
