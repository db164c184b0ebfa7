with tariffs as (
    select *
    from {{ ref('int_services__tariffs_screened') }}
    where reject_reason is null and exclude_rule is null
),

tariff_ids as (
    {{ planned_ids('tariffs_internet') }}
),

final as (
    select
        tariffs._sonar_key,
        tariff_ids.planned_id as id,
        null::varchar as tariffs_for_change,
        tariffs.title::varchar as title,
        tariffs.available_for_services::varchar as available_for_services,
        tariffs.service_name::varchar as service_name,
        tariffs.price,
        tariffs.download_kbps as speed_download,
        tariffs.upload_kbps as speed_upload,
        '0'::varchar as with_vat,
        {{ var('default_tax_id') }}::bigint as tax_id
    from tariffs
    left join tariff_ids on tariffs._sonar_key = tariff_ids._sonar_key
)

select * from final
