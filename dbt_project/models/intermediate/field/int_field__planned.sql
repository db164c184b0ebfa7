-- What needs an id in the tables of jobs and of documents. Several collections feed documents and
-- comments, so these always get new ids.
{% set tables = [
    ('scheduling_project', 'job_types', 'sonar_job_type_id'),
    ('scheduling_task', 'jobs', 'sonar_job_id'),
    ('scheduling_task_comment', 'comments', 'null::bigint'),
    ('scheduling_task_worklog', 'check_ins', 'sonar_job_check_in_id'),
    ('customer_documents', 'documents', 'null::bigint'),
    ('files_upload', 'uploads', 'sonar_file_id'),
] %}
{% for table, model, sonar_id in tables %}
select
    '{{ table }}' as entity,
    _sonar_key,
    {{ sonar_id }} as sonar_id,
    null::bigint as matched_id
from {{ ref('int_field__' ~ model) }}
where exclude_rule is null and reject_reason is null
{% if not loop.last %}union all{% endif %}
{% endfor %}
