-- The values of the additional fields of network_sites.
{{ sonar_ids_of('int_network__sites') }}
