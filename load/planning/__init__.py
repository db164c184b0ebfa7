"""What a load would do, row by row, and for which rows."""
