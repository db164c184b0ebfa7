-- The values of the additional fields of tasks.
{{ sonar_ids_of('int_field__jobs') }}
