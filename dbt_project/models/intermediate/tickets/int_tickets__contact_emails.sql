-- The e-mail addresses of the contacts of each account.
select distinct
    owner_id as sonar_account_id,
    email_address
from {{ ref('stg_sonar__contacts') }}
where owner_type = 'Account' and email_address is not null
