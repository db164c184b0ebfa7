-- The account services that were sold as part of a package that is a bundle. The bundle bears the
-- price only where all its members are charged together.
with services as (
    select *
    from {{ ref('int_services__screened') }}
    where exclude_rule is null and reject_reason is null and splynx_table is not null
),

packages as (
    select *
    from {{ ref('int_services__packages') }}
    where exclude_rule is null and reject_reason is null
),

sold as (
    select
        services.*,
        services.sonar_account_id || ':' || services.package_sale_key as bundle_key,
        packages._sonar_key as package_key,
        packages.is_rolled_up as is_rolled_up_package,
        packages.package_name
    from services
    inner join packages on services.package_id = packages.sonar_package_id
    where services.package_sale_key is not null
),

-- One sale is of one package: the one of its first service.
first_members as (
    select distinct on (bundle_key)
        bundle_key,
        package_key
    from sold
    order by bundle_key, sonar_account_service_id
),

together as (
    select
        sold.bundle_key,
        sold.package_key,
        count(distinct (  -- noqa: ST08
            sold.start_date, sold.months, sold.service_months, sold.end_date, sold.sonar_next_date
        )) = 1 as is_charged_together
    from sold
    group by sold.bundle_key, sold.package_key
),

final as (
    select
        sold._sonar_key,
        sold._customer_key,
        sold.bundle_key,
        sold.package_key,
        sold.package_name,
        sold.quantity,
        sold.unit_cents,
        sold.unit_price,
        sold.start_date,
        sold.end_date,
        sold.months,
        sold.service_status,
        sold.is_rolled_up_package and together.is_charged_together as is_rolled_up
    from sold
    inner join first_members
        on
            sold.bundle_key = first_members.bundle_key
            and sold.package_key = first_members.package_key
    inner join together
        on sold.bundle_key = together.bundle_key and sold.package_key = together.package_key
)

select * from final
