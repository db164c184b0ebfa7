{{ availability('int_services__voice_plans', 'customer_categories') }}
