-- Law of conservation, counted: what Sonar proved to hold is in exactly one place each.
select *
from {{ ref('audit_row_accounting') }}
where unaccounted <> 0
