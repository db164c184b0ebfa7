-- Each signature and the contract that it is under.
with signatures as (
    select * from {{ ref('stg_sonar__handwritten_signatures') }}
),

contracts as (
    select distinct on (sonar_signature_id) *
    from {{ ref('int_field__contracts') }}
    where sonar_signature_id is not null
    order by sonar_signature_id, exclude_rule nulls first, reject_reason nulls first, _sonar_key
),

final as (
    select
        signatures._sonar_key,
        signatures.sonar_signature_id,
        contracts._sonar_key as contract_key,
        contracts.customer_key,
        contracts.exclude_rule,
        case
            when contracts._sonar_key is null then 'contract_missing'
            when contracts.exclude_rule is null and contracts.reject_reason is not null
                then 'contract_rejected'
        end as reject_reason
    from signatures
    left join contracts on signatures.sonar_signature_id = contracts.sonar_signature_id
)

select * from final
