-- A text that waits to be cleaned keeps its record back: `make transform` cleans texts before dbt.
select
    collection,
    _sonar_key
from {{ ref('audit_record_outcomes') }}
where reason = 'text_not_cleaned'
