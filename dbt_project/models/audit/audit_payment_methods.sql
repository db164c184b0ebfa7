-- Every card and bank account of a loaded customer and what staff have to do about it. No number and
-- no name is here: the record is found in Sonar by its key.
with methods as (
    select *
    from {{ ref('int_money__payment_methods') }}
    where reject_reason is null
),

customers as (
    select
        _sonar_key,
        id,
        status
    from {{ ref('customers') }}
),

loaded as (
    select
        payment_account_data._sonar_key,
        coalesce(bool_and(credentials.is_handed_over), false) as is_handed_over
    from {{ ref('payment_account_data') }} as payment_account_data
    left join {{ ref('audit_payment_credentials') }} as credentials
        on payment_account_data._sonar_key = credentials._sonar_key
    group by payment_account_data._sonar_key
),

cutover as (
    select cutover_date from {{ ref('int_services__cutover') }}
),

final as (
    select
        methods._sonar_key,
        methods._customer_key,
        customers.id as splynx_customer_id,
        methods.collection,
        methods.provider,
        methods.route,
        methods.is_auto,
        methods.expires_in,
        coalesce(methods.expires_in < cutover.cutover_date + 60, false) as expires_soon,
        case
            when loaded.is_handed_over then 'moved'
            when loaded._sonar_key is not null then 'credential_not_moved'
            when methods.exclude_rule = 'credential_not_moved' and methods.route = 'vault'
                then 'credential_not_moved_vault'
            when methods.exclude_rule = 'credential_not_moved' then 'credential_not_moved'
            else methods.exclude_rule
        end as cause,
        case
            when loaded.is_handed_over then 'test_one_charge'
            when loaded._sonar_key is not null then 'hand_over'
            when methods.exclude_rule <> 'credential_not_moved' then 'nothing'
            when customers.status = 'disabled' then 'nothing'
            when methods.route = 'vault' then 'import_from_the_processor'
            when methods.is_auto then 'ask_before_the_next_charge'
            else 'ask_the_customer'
        end as todo
    from methods
    inner join customers on methods._customer_key = customers._sonar_key
    left join loaded on methods._sonar_key = loaded._sonar_key
    cross join cutover
)

select * from final
