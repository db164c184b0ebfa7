{{ availability('int_services__internet_plans', 'customer_categories') }}
