"""A Splynx to migrate into: its tables on MariaDB, as after a fresh installation."""
