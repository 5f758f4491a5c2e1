"""Reports: reading only."""
