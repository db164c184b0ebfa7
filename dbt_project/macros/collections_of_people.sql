{% macro collections_of_people() -%}
    {{ return([
        ('account_billing_parameters', 'stg_sonar__account_billing_parameters'),
        ('account_groups', 'stg_sonar__account_groups'),
        ('account_statuses', 'stg_sonar__account_statuses'),
        ('account_types', 'stg_sonar__account_types'),
        ('accounts', 'stg_sonar__accounts'),
        ('addresses', 'stg_sonar__addresses'),
        ('call_logs', 'stg_sonar__call_logs'),
        ('companies', 'stg_sonar__companies'),
        ('contacts', 'stg_sonar__contacts'),
        ('custom_field_data', 'stg_sonar__custom_field_data'),
        ('custom_fields', 'stg_sonar__custom_fields'),
        ('notes', 'stg_sonar__notes'),
        ('phone_numbers', 'stg_sonar__phone_numbers'),
        ('roles', 'stg_sonar__roles'),
        ('system_setting', 'stg_sonar__system_settings'),
        ('users', 'stg_sonar__users'),
    ]) }}
{%- endmacro %}
