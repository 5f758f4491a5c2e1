"""What the explorer answers."""
