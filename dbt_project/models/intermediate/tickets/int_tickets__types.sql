-- The categories that become a row of ticket_types.
select
    _sonar_key,
    ticket_category_id,
    category_name,
    exclude_rule,
    reject_reason
from {{ ref('int_tickets__categories') }}
where merge_rule is null
