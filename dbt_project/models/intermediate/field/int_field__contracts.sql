-- Each contract with what its document will hold, and the rule or reason that keeps it back.
with contracts as (
    select * from {{ ref('stg_sonar__contracts') }}
),

customers as (
    select * from {{ ref('int_customers__screened') }}
),

signatures as (
    select * from {{ ref('stg_sonar__handwritten_signatures') }}
),

joined as (
    select
        contracts.*,
        customers._sonar_key as customer_key,
        customers.exclude_rule as customer_rule,
        customers.reject_reason as customer_reason,
        signatures.signed_at,
        {{ shown_html('contracts.body', 'clean_bodies') }} as shown_body,
        {{ shown_html('contracts.custom_message', 'clean_words') }} as shown_message,
        {{ is_not_cleaned('contracts.body', 'clean_bodies') }}
        or {{ is_not_cleaned('contracts.custom_message', 'clean_words') }} as is_not_cleaned
    from contracts
    left join customers on contracts.sonar_account_id = customers.sonar_account_id
    left join signatures on contracts.sonar_signature_id = signatures.sonar_signature_id
    {{ clean_texts_of('contracts.body', 'clean_bodies') }}
    {{ clean_texts_of('contracts.custom_message', 'clean_words') }}
),

final as (
    select
        joined._sonar_key,
        joined.sonar_contract_id,
        joined.sonar_unique_id,
        joined.sonar_signature_id,
        joined.customer_key,
        joined.contract_name as title,
        joined.shown_body as body,
        concat_ws(
            '<br>', nullif(joined.shown_message, ''), 'Sonar contract ' || joined._sonar_key
        ) as description,
        joined.sonar_signature_id is not null as is_signed,
        joined.signed_at,
        case when joined.term_in_months >= 0 then joined.term_in_months end as term_in_months,
        joined.expires_on,
        joined.created_at,
        joined.updated_at,
        joined.customer_rule as exclude_rule,
        case
            when joined.customer_rule is not null then null
            when joined.customer_key is null then 'account_missing'
            when joined.customer_reason is not null then 'customer_rejected'
            when joined.contract_name is null then 'missing_name'
            when length(joined.contract_name) > 256 then 'name_too_long'  -- customer_documents.title
            when joined.is_not_cleaned then 'text_not_cleaned'
            -- customer_documents.description
            when octet_length(joined.shown_message) > 65000 then 'message_too_long'
        end as reject_reason
    from joined
)

select * from final
