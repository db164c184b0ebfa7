-- The values of the additional fields of tickets.
{{ sonar_ids_of('int_tickets__screened') }}
