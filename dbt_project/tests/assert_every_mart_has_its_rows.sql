-- The same for marts: what was decided on has arrived, and nothing else.
select *
from {{ ref('audit_mart_accounting') }}
where expected <> found
