-- Who was to do each job. The lowest id of those who are administrators is the one who does it; two
-- users that are one administrator count once.
with assigned as (
    select
        jobs._sonar_key as job_key,
        jobs.sonar_job_id,
        ids.sonar_user_id::bigint as sonar_user_id
    from {{ ref('stg_sonar__jobs') }} as jobs
    cross join lateral jsonb_array_elements_text(jobs.sonar_user_ids) as ids (sonar_user_id)
),

users as (
    select * from {{ ref('stg_sonar__users') }}
),

admins as (
    select
        *,
        coalesce('login:' || lower(splynx_login), _sonar_key) as one_admin
    from {{ ref('int_people__users') }}
    where exclude_rule is null and reject_reason is null
),

joined as (
    select distinct
        assigned.job_key,
        assigned.sonar_job_id,
        assigned.sonar_user_id,
        admins._sonar_key as admin_key,
        coalesce(users.user_name, users.username, 'user ' || assigned.sonar_user_id) as user_name,
        coalesce(admins.one_admin, 'user:' || assigned.sonar_user_id) as one_admin
    from assigned
    left join users on assigned.sonar_user_id = users.sonar_user_id
    left join admins on assigned.sonar_user_id = admins.sonar_user_id
),

once as (
    select distinct on (job_key, one_admin) *
    from joined
    order by job_key, one_admin, sonar_user_id
),

final as (
    select
        once.job_key || ':' || once.sonar_user_id as _sonar_key,
        once.job_key,
        once.sonar_job_id,
        once.sonar_user_id,
        once.admin_key,
        once.user_name,
        case
            when once.admin_key is not null then row_number() over (
                partition by once.job_key, once.admin_key is null order by once.sonar_user_id
            )
        end as place
    from once
)

select * from final
