{{ availability('int_services__internet_plans', 'billing_types') }}
