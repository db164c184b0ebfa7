{% macro collections_of_services() -%}
    {{ return([
        ('account_services', 'stg_sonar__account_services'),
        ('account_voice_service_details', 'stg_sonar__account_voice_service_details'),
        ('adjustment_service_details', 'stg_sonar__adjustment_service_details'),
        ('data_service_details', 'stg_sonar__data_service_details'),
        ('did_assignments', 'stg_sonar__did_assignments'),
        ('dids', 'stg_sonar__dids'),
        ('expiring_service_details', 'stg_sonar__expiring_service_details'),
        ('overage_service_details', 'stg_sonar__overage_service_details'),
        ('package_services', 'stg_sonar__package_services'),
        ('packages', 'stg_sonar__packages'),
        ('recurring_service_details', 'stg_sonar__recurring_service_details'),
        ('service_taxes', 'stg_sonar__service_taxes'),
        ('services', 'stg_sonar__services'),
        ('taxes', 'stg_sonar__taxes'),
        ('voice_service_details', 'stg_sonar__voice_service_details'),
        ('voice_service_generic_parameters', 'stg_sonar__voice_service_generic_parameters'),
    ]) }}
{%- endmacro %}
