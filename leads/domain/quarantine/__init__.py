"""What people do about refused items."""
