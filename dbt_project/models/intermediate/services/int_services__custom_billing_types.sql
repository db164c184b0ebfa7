{{ availability('int_services__custom_plans', 'billing_types') }}
