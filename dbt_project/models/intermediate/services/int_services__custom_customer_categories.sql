{{ availability('int_services__custom_plans', 'customer_categories') }}
