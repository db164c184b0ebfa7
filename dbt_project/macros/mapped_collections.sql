{% macro mapped_collections() -%}
    {{ return([
        ('account_billing_parameters', 'stg_sonar__account_billing_parameters'),
        ('account_groups', 'stg_sonar__account_groups'),
        ('account_services', 'stg_sonar__account_services'),
        ('account_statuses', 'stg_sonar__account_statuses'),
        ('account_types', 'stg_sonar__account_types'),
        ('accounts', 'stg_sonar__accounts'),
        ('addresses', 'stg_sonar__addresses'),
        ('companies', 'stg_sonar__companies'),
        ('contacts', 'stg_sonar__contacts'),
        ('data_service_details', 'stg_sonar__data_service_details'),
        ('phone_numbers', 'stg_sonar__phone_numbers'),
        ('services', 'stg_sonar__services'),
        ('system_setting', 'stg_sonar__system_settings'),
    ]) }}
{%- endmacro %}
