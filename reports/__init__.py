"""Read-only reports across all apps."""
