"""How fast marts come into MySQL or MariaDB, beside its own client, plain PyMySQL and dlt."""
