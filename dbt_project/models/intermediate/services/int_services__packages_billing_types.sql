{{ availability('int_services__packages', 'billing_types') }}
