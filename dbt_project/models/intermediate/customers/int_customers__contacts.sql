-- Of the contacts of an account, one is the main one: a primary one before others, then the lowest
-- id. The others become notes.
with contacts as (
    select * from {{ ref('stg_sonar__contacts') }}
),

accounts as (
    select * from {{ ref('stg_sonar__accounts') }}
),

owned as (
    select
        contacts.*,
        accounts.sonar_account_id,
        row_number() over (
            partition by accounts.sonar_account_id
            order by contacts.is_primary desc nulls last, contacts.sonar_contact_id
        ) as place
    from contacts
    left join accounts
        on contacts.owner_id = accounts.sonar_account_id and contacts.owner_type = 'Account'
),

final as (
    select
        owned._sonar_key,
        owned.sonar_contact_id,
        owned.sonar_account_id,
        owned.contact_name,
        owned.contact_role,
        owned.email_address,
        owned.username,
        owned.created_at,
        owned.sonar_account_id is not null and owned.place = 1 as is_main,
        case
            when owned.owner_type is distinct from 'Account' then 'owner_not_account'
        end as exclude_rule,
        case
            when owned.owner_type = 'Account' and owned.sonar_account_id is null
                then 'account_missing'
        end as reject_reason
    from owned
)

select * from final
