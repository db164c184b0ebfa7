-- Cards and bank accounts as one list.
select
    'card:' || _sonar_key as _sonar_key,
    _sonar_key as record_key,
    'credit_cards' as collection,
    'card' as kind,
    sonar_credit_card_id as sonar_id,
    sonar_account_id,
    sonar_processor_id,
    is_auto,
    card_type as method_type,
    masked_number,
    name_on_card as holder,
    customer_profile_id,
    updated_at as changed_at,
    make_date(expiration_year, expiration_month, 1) as expires_in
from {{ ref('stg_sonar__credit_cards') }}
union all
select
    'bank_account:' || _sonar_key as _sonar_key,
    _sonar_key as record_key,
    'bank_accounts' as collection,
    'bank_account' as kind,
    sonar_bank_account_id as sonar_id,
    sonar_account_id,
    sonar_processor_id,
    is_auto,
    bank_account_type as method_type,
    masked_number,
    name_on_account as holder,
    customer_profile_id,
    updated_at as changed_at,
    null::date as expires_in
from {{ ref('stg_sonar__bank_accounts') }}
