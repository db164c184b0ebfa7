-- Every package with what its bundle will hold, and what keeps it back.
with packages as (
    select * from {{ ref('stg_sonar__packages') }}
),

members as (
    select
        sonar_package_id,
        count(*) as members,
        sum(price * quantity) as price,
        bool_or(is_credit) as has_credit,
        bool_and(is_plan) as has_plans_only
    from {{ ref('int_services__package_members') }}
    group by sonar_package_id
),

taken_keys as (
    select value
    from {{ ref('int_crosswalk__taken_keys') }}
    where entity = 'bundle' and column_name = 'title'
),

titled as (
    select
        packages.*,
        case
            when
                taken_keys.value is not null
                or row_number() over (
                    partition by lower(packages.package_name) order by packages.sonar_package_id
                ) > 1
                then packages.package_name || ' (' || packages.sonar_package_id || ')'
            else packages.package_name
        end as title
    from packages
    left join taken_keys on lower(packages.package_name) = taken_keys.value
),

counted as (
    select
        titled.*,
        count(*) over (partition by lower(titled.title)) as same_titles
    from titled
),

final as (
    select
        counted._sonar_key,
        counted.sonar_package_id,
        counted.company_id,
        counted.package_name,
        counted.title,
        counted.is_rolled_up,
        case when counted.is_rolled_up then members.price else 0 end as price,
        case when counted.is_enabled then '1' else '0' end as available_for_services,
        null::text as exclude_rule,
        case
            when members.sonar_package_id is null then 'empty_package'
            when members.has_credit then 'package_with_credit'
            when not members.has_plans_only then 'package_member_rejected'
            when counted.package_name is null then 'missing_title'
            when length(counted.title) > 64 then 'title_too_long'
            when counted.same_titles > 1 or title_taken.value is not null then 'title_taken'
        end as reject_reason
    from counted
    left join members on counted.sonar_package_id = members.sonar_package_id
    left join taken_keys as title_taken on lower(counted.title) = title_taken.value
)

select * from final
