{{ availability('int_services__internet_plans', 'partners') }}
