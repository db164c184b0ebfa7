{% macro marts_of_support() -%}
    {{ return([
        ('ticket_groups', 'int_tickets__groups', 'ids'),
        ('ticket_types', 'int_tickets__types', 'ids'),
        ('incoming_customer', 'int_tickets__senders', 'ids'),
        ('ticket', 'int_tickets__screened', 'ids'),
        ('ticket_labels', 'int_tickets__label_links', 'no ids'),
        ('ticket_fields', 'int_tickets__fields', 'no ids'),
        ('ticket_values', 'int_tickets__values', 'no ids'),
        ('ticket_messages', 'int_tickets__messages', 'ids'),
        ('scheduling_project', 'int_field__job_types', 'ids'),
        ('scheduling_project_to_partners', 'int_field__project_partners', 'no ids'),
        ('scheduling_task', 'int_field__jobs', 'ids'),
        ('scheduling_task_fields', 'int_field__fields', 'no ids'),
        ('scheduling_task_values', 'int_field__values', 'no ids'),
        ('scheduling_task_watchers_to_admins', 'int_field__watchers', 'no ids'),
        ('scheduling_task_comment', 'int_field__comments', 'ids'),
        ('scheduling_task_worklog', 'int_field__check_ins', 'ids'),
        ('customer_documents', 'int_field__documents', 'ids'),
        ('files_upload', 'int_field__uploads', 'ids'),
        ('ticket_messages_to_files_upload', 'int_field__message_files', 'no ids'),
        ('scheduling_task_attachment', 'int_field__job_files', 'no ids'),
    ]) }}
{%- endmacro %}
