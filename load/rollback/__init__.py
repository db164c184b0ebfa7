"""What one run wrote, taken back."""
