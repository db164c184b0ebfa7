{{ availability('int_services__voice_plans', 'billing_types') }}
