-- The values of the additional fields of routers.
{{ sonar_ids_of('int_network__routers') }}
