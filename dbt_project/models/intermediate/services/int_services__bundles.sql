-- Every package as it was sold to an account.
with members as (
    select * from {{ ref('int_services__bundle_members') }}
),

final as (
    select
        members.bundle_key as _sonar_key,
        members._customer_key,
        members.package_key,
        members.package_name as description,
        members.is_rolled_up,
        case
            when members.is_rolled_up then sum(members.unit_price * members.quantity) else 0
        end as unit_price,
        min(members.start_date) as start_date,
        case
            when bool_and(members.end_date is not null) then max(members.end_date)
        end as end_date,
        min(members.months) as months,
        min(members.service_status) as service_status,
        null::text as exclude_rule,
        null::text as reject_reason
    from members
    group by
        members.bundle_key,
        members._customer_key,
        members.package_key,
        members.package_name,
        members.is_rolled_up
)

select * from final
