"""How fast rows come from HTTP into Postgres, against the leanest way and against plain dlt."""
