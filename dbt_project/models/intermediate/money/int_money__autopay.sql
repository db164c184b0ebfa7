-- How each account pays by itself: by a card that has not expired, else by a bank account.
with methods as (
    select *
    from {{ ref('int_money__payment_methods') }}
    where
        is_auto
        and reject_reason is null
        and exclude_rule is distinct from 'payment_method_expired'
),

types as (
    select * from {{ ref('map_payment_types') }}
),

final as (
    select distinct on (methods.sonar_account_id)
        methods.sonar_account_id,
        types.payment_type,
        types.splynx_payment_type
    from methods
    inner join types
        on
            types.payment_type
            = case methods.kind when 'card' then 'CREDITCARD' else 'BANKACCOUNT' end
    order by methods.sonar_account_id, methods.kind = 'bank_account'
)

select * from final
