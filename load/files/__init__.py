"""Files over the API: what no row of MySQL can place."""
