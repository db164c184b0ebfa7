{{ availability('int_network__routers', 'partners') }}
