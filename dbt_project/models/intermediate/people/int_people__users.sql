-- Each user with what his administrator will hold, and the rule or reason that keeps him back.
-- Where two claim a login or an e-mail address, who is enabled keeps it, then the lowest id.
with users as (
    select * from {{ ref('stg_sonar__users') }}
),

roles as (
    select * from {{ ref('int_people__roles') }}
),

map_admins as (
    select * from {{ ref('map_admins') }}
),

taken_logins as (
    select value
    from {{ ref('int_crosswalk__taken_keys') }}
    where entity = 'admins' and column_name = 'login'
    union
    select lower(splynx_login)
    from map_admins
),

taken_emails as (
    select value
    from {{ ref('int_crosswalk__taken_keys') }}
    where entity = 'admins' and column_name = 'email'
),

joined as (
    select
        users.*,
        case when users.is_super_admin then 'super-administrator' else roles.splynx_role end
            as splynx_role,
        map_admins.splynx_login,
        coalesce(users.is_sonar_staff, false) as is_staff_of_sonar
    from users
    left join roles on users.sonar_role_id = roles.sonar_role_id
    left join map_admins on lower(users.username) = lower(map_admins.username)
),

claimed as (
    select
        joined.*,
        row_number() over (
            partition by
                joined.is_staff_of_sonar or joined.splynx_login is not null, lower(joined.username)
            order by joined.is_enabled desc nulls last, joined.sonar_user_id
        ) as login_place,
        row_number() over (
            partition by
                joined.is_staff_of_sonar or joined.splynx_login is not null, joined.email_address
            order by joined.is_enabled desc nulls last, joined.sonar_user_id
        ) as email_place
    from joined
),

named as (
    select
        claimed.*,
        case
            when claimed.login_place > 1 or taken_logins.value is not null
                then claimed.username || '-' || claimed.sonar_user_id
            else claimed.username
        end as login,
        case
            when claimed.email_place > 1 or taken_emails.value is not null
                then regexp_replace(
                    claimed.email_address, '(@|$)', '+' || claimed.sonar_user_id || '\1'
                )
            else claimed.email_address
        end as email
    from claimed
    left join taken_logins on lower(claimed.username) = taken_logins.value
    left join taken_emails on claimed.email_address = taken_emails.value
),

judged as (
    select
        named.*,
        case
            when named.is_staff_of_sonar then null
            when named.splynx_login is not null then 'map_admins'
        end as merge_rule,
        case when named.is_staff_of_sonar then 'sonar_staff' end as exclude_rule,
        -- what was made of a name may be somebody's name already
        count(*) over (
            partition by named.is_staff_of_sonar or named.splynx_login is not null,
            lower(named.login)
        ) > 1
        or taken_logins.value is not null as is_login_taken,
        count(*) over (
            partition by named.is_staff_of_sonar or named.splynx_login is not null, named.email
        ) > 1
        or taken_emails.value is not null as is_email_taken
    from named
    left join taken_logins on lower(named.login) = taken_logins.value
    left join taken_emails on named.email = taken_emails.value
),

final as (
    select
        judged._sonar_key,
        judged.sonar_user_id,
        judged.login,
        judged.user_name,
        judged.email,
        judged.mobile_number,
        judged.splynx_role,
        judged.splynx_login,
        judged.is_enabled,
        judged.merge_rule,
        judged.exclude_rule,
        case
            when judged.exclude_rule is not null or judged.merge_rule is not null then null
            when judged.user_name is null then 'missing_name'
            when judged.login is null then 'missing_login'
            when judged.splynx_role is null then 'unmapped_role'
            when length(judged.login) > 64 then 'login_too_long'        -- admins.login
            when length(judged.user_name) > 64 then 'name_too_long'     -- admins.name
            when length(judged.email) > 64 then 'email_too_long'        -- admins.email
            when judged.is_login_taken then 'login_taken'
            when judged.is_email_taken and judged.email is not null then 'email_taken'
        end as reject_reason
    from judged
)

select * from final
