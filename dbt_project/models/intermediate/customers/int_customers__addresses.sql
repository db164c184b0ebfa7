-- Of the addresses of an account, one PHYSICAL and one MAILING address are the main ones. The
-- others become notes.
with addresses as (
    select * from {{ ref('stg_sonar__addresses') }}
),

accounts as (
    select * from {{ ref('stg_sonar__accounts') }}
),

owned as (
    select
        addresses.*,
        accounts.sonar_account_id,
        case
            when addresses.owner_type is null or addresses.owner_id is null then 'free_address'
            when addresses.owner_type <> 'Account' then 'owner_not_account'
        end as owner_rule,
        row_number() over (
            partition by accounts.sonar_account_id, addresses.address_type
            order by addresses.is_serviceable desc nulls last, addresses.sonar_address_id
        ) as place
    from addresses
    left join accounts
        on addresses.owner_id = accounts.sonar_account_id and addresses.owner_type = 'Account'
),

final as (
    select
        owned._sonar_key,
        owned.sonar_address_id,
        owned.sonar_account_id,
        owned.address_type,
        owned.created_at,
        nullif(concat_ws(', ', owned.line_1, owned.line_2), '') as street,
        owned.city,
        owned.subdivision,
        owned.zip_code,
        owned.country,
        case
            when owned.latitude <> 0 or owned.longitude <> 0
                then owned.latitude::text || ',' || owned.longitude::text
        end as gps,
        owned.owner_rule is null and owned.sonar_account_id is not null and owned.place = 1
            as is_main,
        owned.owner_rule as exclude_rule,
        case
            when owned.owner_rule is null and owned.sonar_account_id is null
                then 'account_missing'
        end as reject_reason
    from owned
)

select * from final
