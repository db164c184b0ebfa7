{{ availability('int_services__packages', 'locations') }}
