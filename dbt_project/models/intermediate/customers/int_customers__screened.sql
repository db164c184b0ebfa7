-- Every account with what its customer row will hold, and the rule or reason that keeps it back.
with recursive accounts as (
    select * from {{ ref('stg_sonar__accounts') }}
),

statuses as (
    select * from {{ ref('stg_sonar__account_statuses') }}
),

types as (
    select * from {{ ref('stg_sonar__account_types') }}
),

map_statuses as (
    select * from {{ ref('map_account_statuses') }}
),

map_types as (
    select * from {{ ref('map_account_types') }}
),

companies as (
    select * from {{ ref('int_people__companies') }}
),

contacts as (
    select *
    from {{ ref('int_customers__contacts') }}
    where is_main
),

phones as (
    select * from {{ ref('int_customers__phones') }}
),

addresses as (
    select *
    from {{ ref('int_customers__addresses') }}
    where is_main
),

logins as (
    select * from {{ ref('int_customers__logins') }}
),

-- Former customers often keep a mailing address only: it then stands in for the street.
joined as (
    select
        accounts._sonar_key,
        accounts.sonar_account_id,
        accounts.parent_account_id,
        accounts.account_name,
        case
            when accounts.archived_at is not null then 'disabled'
            else map_statuses.splynx_status
        end as splynx_status,
        map_types.splynx_category,
        logins.login,
        logins.is_taken as is_login_taken,
        contacts.contact_name,
        contacts.email_address,
        phones.phones as phone,
        phones.other_phones,
        coalesce(companies._sonar_key, 'default') as partner_key,
        companies.reject_reason as company_reason,
        coalesce(physical.street, mailing.street) as street,
        case when physical._sonar_key is null then mailing.city else physical.city end as city,
        case
            when physical._sonar_key is null then mailing.zip_code else physical.zip_code
        end as zip_code,
        coalesce(physical.gps, replace(accounts.geopoint, ' ', '')) as gps,
        mailing.street as mailing_street,
        mailing.city as mailing_city,
        mailing.zip_code as mailing_zip_code,
        coalesce(
            accounts.activation_date, {{ local_date('accounts.created_at') }}
        ) as customer_since_date,
        {{ local_time('accounts.updated_at') }} as updated_local_at,
        accounts.archived_at is not null as is_archived
    from accounts
    left join statuses on accounts.account_status_id = statuses.account_status_id
    left join map_statuses on lower(statuses.status_name) = lower(map_statuses.status_name)
    left join types on accounts.account_type_id = types.account_type_id
    left join map_types on types.type_kind = map_types.type_kind
    left join contacts on accounts.sonar_account_id = contacts.sonar_account_id
    left join phones on contacts.sonar_contact_id = phones.sonar_contact_id
    left join companies on accounts.company_id = companies.company_id
    left join addresses as physical
        on
            accounts.sonar_account_id = physical.sonar_account_id
            and physical.address_type = 'PHYSICAL'
    left join addresses as mailing
        on
            accounts.sonar_account_id = mailing.sonar_account_id
            and mailing.address_type = 'MAILING'
    left join logins on accounts.sonar_account_id = logins.sonar_account_id
),

judged as (
    select
        joined.*,
        case
            when joined.is_archived and '{{ var("archived_accounts") }}' = 'exclude'
                then 'archived_account'
        end as exclude_rule,
        case
            when joined.account_name is null then 'missing_name'
            when length(joined.account_name) > 256 then 'name_too_long'
            when joined.splynx_status is null then 'unmapped_status'
            when joined.splynx_category is null then 'unmapped_type'
            when length(joined.contact_name) > 256 then 'contact_name_too_long'
            when length(joined.email_address) > 256 then 'email_too_long'
            when length(joined.street) > 255 then 'street_too_long'
            when length(joined.city) > 32 then 'city_too_long'
            when length(joined.zip_code) > 32 then 'zip_code_too_long'
            when length(joined.mailing_street) > 255 then 'mailing_street_too_long'
            when length(joined.mailing_city) > 32 then 'mailing_city_too_long'
            when length(joined.mailing_zip_code) > 32 then 'mailing_zip_code_too_long'
            when joined.company_reason is not null then 'partner_rejected'
            when joined.is_login_taken then 'login_taken'
            when joined.parent_account_id is not null and parents.sonar_account_id is null
                then 'parent_missing'
            when joined.parent_account_id = joined.sonar_account_id then 'parent_is_itself'
        end as own_reason
    from joined
    left join accounts as parents on joined.parent_account_id = parents.sonar_account_id
),

-- A sub account can't be loaded without its main account, however long the chain is.
held_back as (
    select sonar_account_id
    from judged
    where own_reason is not null or exclude_rule is not null
    union
    select judged.sonar_account_id
    from judged
    inner join held_back on judged.parent_account_id = held_back.sonar_account_id
),

final as (
    select
        judged._sonar_key,
        judged.sonar_account_id,
        judged.parent_account_id,
        judged.account_name,
        judged.splynx_status,
        judged.splynx_category,
        judged.login,
        judged.contact_name,
        judged.email_address,
        judged.phone,
        judged.other_phones,
        judged.partner_key,
        judged.street,
        judged.city,
        judged.zip_code,
        judged.gps,
        judged.mailing_street,
        judged.mailing_city,
        judged.mailing_zip_code,
        judged.customer_since_date,
        judged.updated_local_at,
        judged.exclude_rule,
        case
            when judged.exclude_rule is not null then null
            when judged.own_reason is not null then judged.own_reason
            when held_back.sonar_account_id is not null then 'parent_not_loaded'
        end as reject_reason
    from judged
    left join held_back on judged.sonar_account_id = held_back.sonar_account_id
)

select * from final
