-- Every phone number of an account and the voice service that it goes with: the first one of the
-- service that it names, or the first one of the account.
with assignments as (
    select * from {{ ref('stg_sonar__did_assignments') }}
),

dids as (
    select * from {{ ref('stg_sonar__dids') }}
),

customers as (
    select * from {{ ref('int_customers__screened') }}
),

voice_services as (
    select *
    from {{ ref('int_services__voice') }}
    where exclude_rule is null and reject_reason is null
),

hosts as (
    select distinct on (assignments._sonar_key)
        assignments._sonar_key,
        voice_services._sonar_key as service_key
    from assignments
    inner join voice_services
        on
            assignments.sonar_account_id = voice_services.sonar_account_id
            and (
                assignments.sonar_service_id is null
                or assignments.sonar_service_id = voice_services.sonar_service_id
            )
    order by assignments._sonar_key, voice_services.sonar_account_service_id
),

final as (
    select
        assignments._sonar_key,
        customers._sonar_key as _customer_key,
        dids._sonar_key as did_key,
        dids.number,
        hosts.service_key,
        customers.exclude_rule,
        case
            when customers.exclude_rule is not null then null
            when customers._sonar_key is null then 'account_missing'
            when customers.reject_reason is not null then 'customer_rejected'
            when dids._sonar_key is null then 'did_missing'
            when hosts.service_key is null then 'no_voice_service'
        end as reject_reason
    from assignments
    left join dids on assignments.sonar_did_id = dids.sonar_did_id
    left join customers on assignments.sonar_account_id = customers.sonar_account_id
    left join hosts on assignments._sonar_key = hosts._sonar_key
)

select * from final
