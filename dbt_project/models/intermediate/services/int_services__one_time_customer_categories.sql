{{ availability('int_services__one_time_plans', 'customer_categories') }}
