{{ availability('int_network__sites', 'partners') }}
