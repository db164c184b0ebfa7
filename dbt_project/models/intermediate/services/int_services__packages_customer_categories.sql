{{ availability('int_services__packages', 'customer_categories') }}
