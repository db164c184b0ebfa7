-- The taxes that become a row of tax.
select
    _sonar_key,
    sonar_tax_id,
    tax_name,
    rate,
    exclude_rule,
    reject_reason
from {{ ref('int_services__taxes') }}
where merge_rule is null
