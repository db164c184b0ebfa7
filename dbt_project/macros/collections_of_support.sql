{% macro collections_of_support() -%}
    {{ return([
        ('contracts', 'stg_sonar__contracts'),
        ('files', 'stg_sonar__files'),
        ('handwritten_signatures', 'stg_sonar__handwritten_signatures'),
        ('inbound_mailboxes', 'stg_sonar__inbound_mailboxes'),
        ('job_check_ins', 'stg_sonar__job_check_ins'),
        ('job_types', 'stg_sonar__job_types'),
        ('jobs', 'stg_sonar__jobs'),
        ('tasks', 'stg_sonar__tasks'),
        ('ticket_categories', 'stg_sonar__ticket_categories'),
        ('ticket_comments', 'stg_sonar__ticket_comments'),
        ('ticket_groups', 'stg_sonar__ticket_groups'),
        ('ticket_recipients', 'stg_sonar__ticket_recipients'),
        ('ticket_replies', 'stg_sonar__ticket_replies'),
        ('tickets', 'stg_sonar__tickets'),
    ]) }}
{%- endmacro %}
