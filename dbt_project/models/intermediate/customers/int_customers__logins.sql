-- The portal login of each account: the user name where nobody else could claim it, else its id.
with accounts as (
    select * from {{ ref('stg_sonar__accounts') }}
),

contacts as (
    select *
    from {{ ref('int_customers__contacts') }}
    where is_main
),

taken_keys as (
    select value
    from {{ ref('int_crosswalk__taken_keys') }}
    where entity = 'customers' and column_name = 'login'
),

wanted as (
    select
        accounts._sonar_key,
        accounts.sonar_account_id,
        accounts.sonar_account_id::text as id_login,
        contacts.username,
        count(*) over (partition by lower(contacts.username)) as claims
    from accounts
    left join contacts on accounts.sonar_account_id = contacts.sonar_account_id
),

decided as (
    select
        wanted._sonar_key,
        wanted.sonar_account_id,
        case
            when wanted.username is null then wanted.id_login
            when wanted.claims > 1 then wanted.id_login
            when length(wanted.username) > 128 then wanted.id_login     -- customers.login
            when username_taken.value is not null then wanted.id_login
            -- another account falls back to this text
            when same_as_id.sonar_account_id is not null then wanted.id_login
            else wanted.username
        end as login
    from wanted
    left join taken_keys as username_taken on lower(wanted.username) = username_taken.value
    left join accounts as same_as_id on wanted.username = same_as_id.sonar_account_id::text
),

final as (
    select
        decided._sonar_key,
        decided.sonar_account_id,
        decided.login,
        taken_keys.value is not null as is_taken
    from decided
    left join taken_keys on lower(decided.login) = taken_keys.value
)

select * from final
