-- Each password of Sonar's network that an internet service of Splynx needs: whose it is, and whether
-- Splynx has it as Sonar has it now. Nothing of it is a value.
with logins as (
    select
        _sonar_key,
        service_key
    from {{ ref('int_access__logins') }}
    where service_key is not null and exclude_rule is null and reject_reason is null
),

radius_accounts as (
    select
        _sonar_key,
        updated_at
    from {{ ref('stg_sonar__radius_accounts') }}
),

services as (
    select
        _sonar_key,
        _customer_key
    from {{ ref('services_internet') }}
),

handed_over as (
    select
        _sonar_key,
        source_changed_at
    from {{ ref('stg_ops__handover') }}
    where table_name = 'services_internet' and attribute = 'password' and state = 'handed_over'
),

final as (
    select
        services._sonar_key,
        services._customer_key,
        'radius_accounts' as collection,
        radius_accounts._sonar_key as record_key,
        radius_accounts.updated_at as changed_at,
        coalesce(handed_over.source_changed_at >= radius_accounts.updated_at, false)
            as is_handed_over
    from logins
    inner join radius_accounts on logins._sonar_key = radius_accounts._sonar_key
    inner join services on logins.service_key = services._sonar_key
    left join handed_over on services._sonar_key = handed_over._sonar_key
)

select * from final
