-- Every catalogue service with the table that its plan goes into, what the plan will hold, and what
-- keeps it back. Credits have no plan: they become discounts of services. Prices are for one month,
-- also of what is charged every N months (D-026).
with services as (
    select * from {{ ref('stg_sonar__services') }}
),

details as (
    select *
    from {{ ref('int_services__details') }}
    where exclude_rule is null and reject_reason is null
),

taken_keys as (
    select
        entity,
        value
    from {{ ref('int_crosswalk__taken_keys') }}
    where column_name = 'title'
),

placed as (
    select
        services.*,
        details._sonar_key as detail_key,
        details.download_kbps,
        details.upload_kbps,
        details.times_to_run,
        coalesce(details.billing_frequency_months, 1) as months,
        case
            when services.application is distinct from 'DEBIT' then null
            when services.service_type = 'DATA' then 'tariffs_internet'
            when services.service_type = 'VOICE' then 'tariffs_voice'
            when services.service_type in ('RECURRING', 'EXPIRING') then 'tariffs_custom'
            when services.service_type in ('ONETIME', 'ADJUSTMENT') then 'tariffs_one_time'
        end as splynx_table
    from services
    left join details on services.sonar_service_id = details.sonar_service_id
),

-- Splynx refuses a second plan of one title, Sonar does not: the first one keeps it, the Sonar id
-- tells the later ones apart.
titled as (
    select
        placed.*,
        case
            when
                taken_keys.value is not null
                or row_number() over (
                    partition by placed.splynx_table, lower(placed.service_name)
                    order by placed.sonar_service_id
                ) > 1
                then placed.service_name || ' (' || placed.sonar_service_id || ')'
            else placed.service_name
        end as title
    from placed
    left join taken_keys
        on
            lower(placed.service_name) = taken_keys.value
            and placed.splynx_table = taken_keys.entity
),

counted as (
    select
        titled.*,
        count(*) over (partition by titled.splynx_table, lower(titled.title)) as same_titles
    from titled
),

final as (
    select
        counted._sonar_key,
        counted.sonar_service_id,
        counted.company_id,
        counted.service_type,
        counted.splynx_table,
        counted.service_name,
        counted.title,
        counted.amount_cents,
        counted.months,
        counted.times_to_run,
        counted.download_kbps,
        counted.upload_kbps,
        counted.tax_definition_id,
        round(
            case
                when counted.splynx_table = 'tariffs_one_time'
                    then coalesce(counted.amount_cents, 0)
                else counted.amount_cents
            end * 0.01 / counted.months, 4
        ) as price,
        case when counted.is_enabled then '1' else '0' end as available_for_services,
        case
            when counted.splynx_table is null
                and counted.service_type in ('DATA', 'VOICE', 'RECURRING', 'EXPIRING')
                then 'discount_of_services'
        end as merge_rule,
        case
            when counted.splynx_table is not null then null
            when counted.service_type = 'OVERAGE' then 'overage_not_mapped'
            when counted.service_type in ('ONETIME', 'ADJUSTMENT') then 'credit_without_service'
            when counted.service_type not in ('DATA', 'VOICE', 'RECURRING', 'EXPIRING')
                then 'service_type_not_mapped'
        end as exclude_rule,
        case
            when counted.splynx_table is null then null
            when counted.service_name is null then 'missing_title'
            when
                counted.detail_key is null and counted.splynx_table <> 'tariffs_one_time'
                then 'missing_detail'
            when length(counted.title) > 64 then 'title_too_long'
            when counted.same_titles > 1 or title_taken.value is not null then 'title_taken'
            when counted.months not between 1 and 99 then 'billing_frequency_out_of_range'
            when counted.service_type = 'EXPIRING' and counted.times_to_run is null
                then 'missing_times_to_run'
            when counted.amount_cents < 0 then 'negative_amount'
            when counted.amount_cents is null and counted.splynx_table <> 'tariffs_one_time'
                then 'missing_amount'
            when counted.download_kbps not between 0 and 4294967295 then 'speed_out_of_range'
            when counted.upload_kbps not between 0 and 4294967295 then 'speed_out_of_range'
        end as reject_reason
    from counted
    left join taken_keys as title_taken
        on
            lower(counted.title) = title_taken.value
            and counted.splynx_table = title_taken.entity
)

select * from final
