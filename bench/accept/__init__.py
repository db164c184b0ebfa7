"""How long acceptance takes, beside the same checks as one aggregate query a table."""
