-- What needs an id in the tables of people. "default" is the partner of customers without a company
-- and the administrator of whatever nobody signed.
with final as (
    select
        'partners' as entity,
        'default' as _sonar_key,
        null::bigint as sonar_id,
        {{ var('default_partner_id') }}::bigint as matched_id
    union all
    select
        'partners' as entity,
        _sonar_key,
        company_id as sonar_id,
        case when merge_rule is not null then {{ var('default_partner_id') }} end::bigint
            as matched_id
    from {{ ref('int_people__companies') }}
    where exclude_rule is null and reject_reason is null
    union all
    select
        'admins' as entity,
        'default' as _sonar_key,
        null::bigint as sonar_id,
        {{ var('default_added_by_id') }}::bigint as matched_id
    union all
    select
        'admins' as entity,
        users._sonar_key,
        users.sonar_user_id as sonar_id,
        case
            when users.merge_rule is not null
                then coalesce(taken_logins.id, {{ var('default_added_by_id') }})
        end::bigint as matched_id
    from {{ ref('int_people__users') }} as users
    left join {{ ref('int_crosswalk__taken_keys') }} as taken_logins
        on
            lower(users.splynx_login) = taken_logins.value
            and taken_logins.entity = 'admins'
            and taken_logins.column_name = 'login'
    where users.exclude_rule is null and users.reject_reason is null
    union all
    select
        'labels' as entity,
        _sonar_key,
        account_group_id as sonar_id,
        matched_id
    from {{ ref('int_people__account_groups') }}
    where
        reject_reason is null and exclude_rule is null and label_key = _sonar_key
    union all
    select
        'labels' as entity,
        _sonar_key,
        null::bigint as sonar_id,
        matched_id
    from {{ ref('int_tickets__labels') }}
    where label_key = _sonar_key
    union all
    select
        'customers' as entity,
        _sonar_key,
        sonar_account_id as sonar_id,
        null::bigint as matched_id
    from {{ ref('int_customers__screened') }}
    where reject_reason is null and exclude_rule is null
    union all
    select
        'customer_notes' as entity,
        _sonar_key,
        null::bigint as sonar_id,
        null::bigint as matched_id
    from {{ ref('int_customers__notes') }}
    where reject_reason is null and exclude_rule is null
)

select * from final
