{{ availability('int_services__packages', 'partners') }}
