with admins as (
    select *
    from {{ ref('int_people__admins') }}
    where reject_reason is null and exclude_rule is null
),

admin_ids as (
    {{ planned_ids('admins') }}
),

final as (
    select
        admins._sonar_key,
        admin_ids.planned_id as id,
        null::bigint as partner_id,
        admins.splynx_role::varchar as role_name,
        'none'::varchar as router_access,
        admins.login::varchar as login,
        admins.user_name::varchar as name,
        admins.email::varchar as email,
        null::varchar as password,
        null::varchar as otp_secret,
        case when admins.is_enabled then '0' else '1' end::varchar as deleted,
        null::varchar as last_ip,
        null::timestamp as last_dt,
        admins.mobile_number::varchar as phone,
        null::varchar as photo_version
    from admins
    left join admin_ids on admins._sonar_key = admin_ids._sonar_key
)

select * from final
