"""The REST side of the Splynx sandbox: `/api/2.0` over the tables of schema.sql."""
