{{ availability('int_services__custom_plans', 'locations') }}
