-- Each secret of a card or bank account that Splynx needs, by key, and whether Splynx has it as Sonar
-- has it now. Nothing of it is a value.
with methods as (
    select
        _sonar_key,
        record_key,
        collection,
        changed_at,
        token_field,
        profile_field
    from {{ ref('int_money__payment_methods') }}
),

accounts as (
    select
        _sonar_key,
        _customer_key,
        account_id
    from {{ ref('payment_account_data') }}
),

handed_over as (
    select
        _sonar_key,
        attribute,
        source_changed_at
    from {{ ref('stg_ops__handover') }}
    where table_name = 'payment_account_data' and state in ('handed_over', 'empty')
),

secrets as (
    select
        methods._sonar_key,
        accounts._customer_key,
        accounts.account_id,
        methods.collection,
        methods.record_key,
        methods.changed_at,
        'token' as field,
        'field_' || methods.token_field as attribute
    from methods
    inner join accounts on methods._sonar_key = accounts._sonar_key
    union all
    select
        methods._sonar_key,
        accounts._customer_key,
        accounts.account_id,
        methods.collection,
        methods.record_key,
        methods.changed_at,
        'customer_profile_id' as field,
        'field_' || methods.profile_field as attribute
    from methods
    inner join accounts on methods._sonar_key = accounts._sonar_key
    where methods.profile_field is not null
),

final as (
    select
        secrets.*,
        coalesce(handed_over.source_changed_at >= secrets.changed_at, false) as is_handed_over
    from secrets
    left join handed_over
        on secrets._sonar_key = handed_over._sonar_key
        and secrets.attribute = handed_over.attribute
)

select * from final
