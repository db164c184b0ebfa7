-- Every card and bank account, and what keeps it back. Of a customer's methods at one processor one
-- goes on: the one that is charged by itself, else the one that lasts longest, else the newest.
with methods as (
    select * from {{ ref('int_money__payment_method_records') }}
),

processors as (
    select * from {{ ref('int_money__payment_processors') }}
),

customers as (
    select * from {{ ref('int_customers__screened') }}
),

cutover as (
    select date_trunc('month', cutover_date)::date as month from {{ ref('int_services__cutover') }}
),

joined as (
    select
        methods.*,
        customers._sonar_key as _customer_key,
        customers.exclude_rule as customer_rule,
        case
            when customers._sonar_key is null then 'account_missing'
            when customers.exclude_rule is not null then null
            when customers.reject_reason is not null then 'customer_rejected'
        end as reject_reason,
        processors.provider,
        coalesce(processors.route, 're_entry') as route,
        processors.payment_account_id,
        processors.token_field,
        processors.profile_field,
        processors.number_field,
        processors.expiry_field,
        processors.holder_field,
        coalesce(methods.expires_in < cutover.month, false) as is_expired
    from methods
    left join processors
        on methods.kind = processors.kind and methods.sonar_processor_id = processors.sonar_processor_id
    left join customers on methods.sonar_account_id = customers.sonar_account_id
    cross join cutover
),

-- A place in Splynx holds one method of a customer, whatever its kind.
ranked as (
    select
        joined.*,
        row_number() over (
            partition by
                joined.sonar_account_id,
                joined.is_expired,
                coalesce(
                    joined.payment_account_id::text,
                    joined.kind || ' ' || joined.sonar_processor_id
                )
            order by
                joined.is_auto desc, joined.expires_in desc nulls last, joined.sonar_id desc
        ) as place
    from joined
),

final as (
    select
        _sonar_key,
        record_key,
        collection,
        kind,
        _customer_key,
        sonar_account_id,
        sonar_processor_id,
        provider,
        route,
        payment_account_id,
        token_field,
        profile_field,
        number_field,
        expiry_field,
        holder_field,
        is_auto,
        method_type,
        masked_number,
        holder,
        customer_profile_id,
        changed_at,
        expires_in,
        null::text as merge_rule,
        case
            when reject_reason is not null then null
            when customer_rule is not null then customer_rule
            when is_expired then 'payment_method_expired'
            when place > 1 then 'secondary_payment_method'
            when route <> 'token' or payment_account_id is null or token_field is null
                then 'credential_not_moved'
        end as exclude_rule,
        reject_reason
    from ranked
)

select * from final
