-- The users that become a row of admins.
select
    _sonar_key,
    sonar_user_id,
    login,
    user_name,
    email,
    mobile_number,
    splynx_role,
    is_enabled,
    exclude_rule,
    reject_reason
from {{ ref('int_people__users') }}
where merge_rule is null
