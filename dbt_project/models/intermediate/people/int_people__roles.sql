-- Each role of Sonar with the role of Splynx that its users get.
with roles as (
    select * from {{ ref('stg_sonar__roles') }}
),

map_roles as (
    select * from {{ ref('map_roles') }}
),

users as (
    select distinct sonar_role_id from {{ ref('stg_sonar__users') }}
),

final as (
    select
        roles._sonar_key,
        roles.sonar_role_id,
        map_roles.splynx_role,
        case when map_roles.splynx_role is not null then 'lookup' end as merge_rule,
        case
            when map_roles.splynx_role is null and users.sonar_role_id is null
                then 'role_without_users'
        end as exclude_rule,
        case
            when map_roles.splynx_role is null and users.sonar_role_id is not null
                then 'unmapped_role'
        end as reject_reason
    from roles
    left join map_roles on lower(roles.role_name) = lower(map_roles.role_name)
    left join users on roles.sonar_role_id = users.sonar_role_id
)

select * from final
