-- The values of the additional fields of ipv4_networks.
{{ sonar_ids_of('int_network__ipv4') }}
