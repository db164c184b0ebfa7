-- Every service that has a table of its own, with its bundle and its discount.
with services as (
    select *
    from {{ ref('int_services__screened') }}
    where splynx_table is not null
),

members as (
    select * from {{ ref('int_services__bundle_members') }}
),

discounts as (
    select * from {{ ref('int_services__discounts') }}
),

tariffs as (
    select * from {{ ref('int_services__tariffs_screened') }}
),

final as (
    select
        services._sonar_key,
        services._customer_key,
        services.sonar_account_service_id,
        services.sonar_account_id,
        services.sonar_service_id,
        services.splynx_table,
        tariffs._sonar_key as tariff_key,
        members.bundle_key,
        services.login,
        services.description,
        services.quantity,
        services.unit_cents,
        case when members.is_rolled_up then 0 else services.unit_price end as unit_price,
        services.sonar_next_date,
        services.sonar_start_date,
        services.start_date,
        services.end_date,
        services.billing_day,
        services.service_months,
        services.months,
        services.is_overdue,
        services.customer_status,
        services.service_status,
        coalesce(members.is_rolled_up, false) as is_in_bundle_price,
        case when discounts._sonar_key is not null then '1' else '0' end as has_discount,
        coalesce(discounts.discount_value, 0) as discount_value,
        case when discounts._sonar_key is not null then services.start_date end
            as discount_start_date,
        discounts.discount_end_date,
        discounts.discount_text,
        services.exclude_rule,
        services.reject_reason
    from services
    left join members on services._sonar_key = members._sonar_key
    left join discounts on services._sonar_key = discounts._sonar_key
    left join tariffs on services.sonar_service_id = tariffs.sonar_service_id
)

select * from final
