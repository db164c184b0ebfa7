"""What must hold before the first write."""
