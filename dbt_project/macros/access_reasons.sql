{% macro access_reasons() -%}
    {#- reason, severity, what Splynx would decide about the subscriber; the first that holds decides -#}
    {{ return([
        ('customer_not_loaded', 'critical', 'unknown_user'),
        ('service_not_loaded', 'critical', 'unknown_user'),
        ('login_lost', 'critical', 'unknown_user'),
        ('login_changed', 'critical', 'unknown_user'),
        ('customer_blocked', 'critical', 'blocked'),
        ('customer_new', 'critical', 'blocked'),
        ('service_not_active', 'critical', 'blocked'),
        ('negative_balance', 'critical', 'negative_balance'),
        ('mac_lost', 'critical', 'wrong_mac'),
        ('credential_not_moved', 'critical', 'wrong_password'),
        ('router_secret_not_moved', 'critical', 'router_is_mute'),
        ('plan_missing', 'critical', 'no_plan'),
        ('address_lost', 'critical', 'other_address'),
        ('pool_missing', 'critical', 'no_address'),
        ('network_missing', 'critical', 'no_address'),
        ('bound_by_rule', 'warning', 'allowed'),
    ]) }}
{%- endmacro %}
