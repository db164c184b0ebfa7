-- The groups that become a row of ticket_groups.
select
    _sonar_key,
    ticket_group_id,
    group_name,
    exclude_rule,
    reject_reason
from {{ ref('int_tickets__ticket_groups') }}
where merge_rule is null
