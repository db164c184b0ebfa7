"""The MySQL route: session, facts, writes and refusals of a MySQL or MariaDB server."""
