{{ availability('int_services__voice_plans', 'locations') }}
