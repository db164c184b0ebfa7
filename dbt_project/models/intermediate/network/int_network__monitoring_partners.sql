{{ availability('int_network__monitoring', 'partners') }}
