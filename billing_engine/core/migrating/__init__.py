"""What migrations are made of beside Django's own operations."""
