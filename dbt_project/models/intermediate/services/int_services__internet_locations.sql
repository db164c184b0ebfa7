{{ availability('int_services__internet_plans', 'locations') }}
