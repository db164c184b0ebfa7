-- The companies that become a row of partners.
select
    _sonar_key,
    company_id,
    company_name,
    exclude_rule,
    reject_reason
from {{ ref('int_people__companies') }}
where merge_rule is null
