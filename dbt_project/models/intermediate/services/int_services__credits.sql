-- Every credit that is charged again and again, and the service that bears it as its discount.
-- Splynx has room for one discount per service: the credits of an account without an end are added
-- up on its dearest service, each credit with an end goes on the next one that is free.
with services as (
    select * from {{ ref('int_services__screened') }}
),

members as (
    select * from {{ ref('int_services__bundle_members') }}
),

-- A service that is charged once in several months on its own bears no monthly credit.
hosts as (
    select
        services._sonar_key,
        services.sonar_account_id,
        services.unit_price * services.quantity as price,
        row_number() over (
            partition by services.sonar_account_id
            order by services.unit_price * services.quantity desc, services.sonar_account_service_id
        ) as place
    from services
    left join members on services._sonar_key = members._sonar_key
    where
        services.exclude_rule is null
        and services.reject_reason is null
        and services.splynx_table is not null
        and services.service_months = 1
        and not coalesce(members.is_rolled_up, false)
),

credits as (
    select
        services.*,
        services.service_type = 'EXPIRING' as is_ending,
        services.unit_price * services.quantity as amount
    from services
    where services.merge_rule is not null
),

open_credits as (
    select *
    from credits
    where exclude_rule is null and reject_reason is null
),

lasting_sums as (
    select
        sonar_account_id,
        sum(amount) as amount
    from open_credits
    where not is_ending
    group by sonar_account_id
),

lasting_hosts as (
    select
        lasting_sums.sonar_account_id,
        hosts._sonar_key as host_key
    from lasting_sums
    inner join hosts
        on lasting_sums.sonar_account_id = hosts.sonar_account_id and hosts.place = 1
    where hosts.price >= lasting_sums.amount
),

free_hosts as (
    select
        hosts.*,
        hosts.place
        - case when lasting_hosts.sonar_account_id is not null then 1 else 0 end as free_place
    from hosts
    left join lasting_hosts on hosts.sonar_account_id = lasting_hosts.sonar_account_id
),

ending_ranked as (
    select
        open_credits._sonar_key,
        open_credits.sonar_account_id,
        open_credits.amount,
        row_number() over (
            partition by open_credits.sonar_account_id
            order by open_credits.amount desc, open_credits.sonar_account_service_id
        ) as place
    from open_credits
    where open_credits.is_ending
),

ending_hosts as (
    select
        ending_ranked._sonar_key,
        free_hosts._sonar_key as host_key
    from ending_ranked
    inner join free_hosts
        on
            ending_ranked.sonar_account_id = free_hosts.sonar_account_id
            and ending_ranked.place = free_hosts.free_place
    where free_hosts.price >= ending_ranked.amount
),

final as (
    select
        credits._sonar_key,
        credits._customer_key,
        credits.sonar_account_service_id,
        credits.description,
        credits.amount,
        credits.end_date,
        case
            when credits.exclude_rule is not null or credits.reject_reason is not null then null
            else coalesce(ending_hosts.host_key, lasting_hosts.host_key)
        end as host_key,
        credits.exclude_rule,
        case
            when credits.exclude_rule is not null then null
            when credits.reject_reason is not null then credits.reject_reason
            when coalesce(ending_hosts.host_key, lasting_hosts.host_key) is null
                then 'no_service_for_discount'
        end as reject_reason
    from credits
    left join ending_hosts on credits._sonar_key = ending_hosts._sonar_key
    left join lasting_hosts
        on credits.sonar_account_id = lasting_hosts.sonar_account_id and not credits.is_ending
)

select * from final
