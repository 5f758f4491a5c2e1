"""What the templates of all storeys may call."""
