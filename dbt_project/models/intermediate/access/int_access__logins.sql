-- Every RADIUS account with the service that takes its user name as login, or what keeps it back.
with radius_accounts as (
    select * from {{ ref('stg_sonar__radius_accounts') }}
),

customers as (
    select * from {{ ref('int_customers__screened') }}
),

services as (
    select
        _sonar_key,
        sonar_account_service_id,
        sonar_account_id,
        lower(login) as generated_login
    from {{ ref('int_services__internet') }}
    where exclude_rule is null and reject_reason is null
),

accounts as (
    select
        sonar_account_id,
        count(*) as services
    from services
    group by sonar_account_id
),

taken_keys as (
    select value
    from {{ ref('int_crosswalk__taken_keys') }}
    where entity = 'services_internet' and column_name = 'login'
),

judged as (
    select
        radius_accounts.*,
        customers._sonar_key as customer_key,
        accounts.services,
        named._sonar_key as named_key,
        customers.exclude_rule,
        case
            when customers._sonar_key is null then 'account_missing'
            when customers.exclude_rule is not null then null
            when customers.reject_reason is not null then 'customer_rejected'
            when accounts.sonar_account_id is null then 'no_internet_service'
            when radius_accounts.username is null then 'missing_login'
            when length(radius_accounts.username) > 128 then 'login_too_long'
        end as own_reason
    from radius_accounts
    left join customers on radius_accounts.sonar_account_id = customers.sonar_account_id
    left join accounts on radius_accounts.sonar_account_id = accounts.sonar_account_id
    left join services as named
        on
            radius_accounts.sonar_account_service_id = named.sonar_account_service_id
            and radius_accounts.sonar_account_id = named.sonar_account_id
),

-- Splynx compares logins without regard to case. A service without a RADIUS account keeps the login
-- that was made for it, so nobody else may have that one.
claimed as (
    select
        judged._sonar_key,
        judged.sonar_radius_account_id,
        judged.sonar_account_id,
        judged.named_key,
        case
            when count(*) over earlier > 0
                then first_value(judged._sonar_key) over (
                    partition by lower(judged.username) order by judged.sonar_radius_account_id
                )
        end as other_key,
        generated.generated_login is not null as is_generated,
        taken_keys.value is not null as is_taken
    from judged
    left join services as generated on lower(judged.username) = generated.generated_login
    left join taken_keys on lower(judged.username) = taken_keys.value
    -- Postgres takes `is null` of a computed column for rare, and would then compare every account
    -- with every other. Of a comparison it expects a third.
    where num_nonnulls(judged.exclude_rule, judged.own_reason) < 1
    window earlier as (
        partition by lower(judged.username)
        order by judged.sonar_radius_account_id
        rows between unbounded preceding and 1 preceding
    )
),

usable as (
    select
        claimed.*,
        row_number() over (
            partition by claimed.named_key order by claimed.sonar_radius_account_id
        ) as place_of_service
    from claimed
    where
        num_nonnulls(claimed.other_key) < 1
        and not claimed.is_generated
        and not claimed.is_taken
),

named_pairs as (
    select
        _sonar_key,
        named_key as service_key
    from usable
    where named_key is not null and place_of_service = 1
),

free_services as (
    select
        services._sonar_key as service_key,
        services.sonar_account_id,
        row_number() over (
            partition by services.sonar_account_id order by services.sonar_account_service_id
        ) as place
    from services
    left join named_pairs on services._sonar_key = named_pairs.service_key
    where named_pairs.service_key is null
),

-- By place, and those that can't go on keep theirs: the next one must not slip to their service.
placed as (
    select
        _sonar_key,
        sonar_account_id,
        row_number() over (
            partition by sonar_account_id order by sonar_radius_account_id
        ) as place
    from judged
    where named_key is null
),

pairs as (
    select
        _sonar_key,
        service_key,
        true as is_named
    from named_pairs
    union all
    select
        placed._sonar_key,
        free_services.service_key,
        false as is_named
    from placed
    inner join usable on placed._sonar_key = usable._sonar_key
    inner join free_services
        on
            placed.sonar_account_id = free_services.sonar_account_id
            and placed.place = free_services.place
),

final as (
    select
        judged._sonar_key,
        judged.sonar_radius_account_id,
        judged.sonar_account_id,
        judged.customer_key as _customer_key,
        judged.username,
        pairs.service_key,
        pairs.service_key is not null and not pairs.is_named and judged.services > 1
            as is_bound_by_rule,
        claimed.other_key,
        judged.exclude_rule,
        case
            when judged.own_reason is not null then judged.own_reason
            when judged.exclude_rule is not null then null
            when claimed.other_key is not null or claimed.is_generated then 'duplicate_login'
            when claimed.is_taken then 'login_taken'
            when pairs.service_key is null then 'radius_account_without_service'
        end as reject_reason
    from judged
    left join claimed on judged._sonar_key = claimed._sonar_key
    left join pairs on judged._sonar_key = pairs._sonar_key
)

select * from final
