-- The groups that become a row of labels.
select
    _sonar_key,
    account_group_id,
    group_name,
    exclude_rule,
    reject_reason
from {{ ref('int_people__account_groups') }}
where merge_rule is null
