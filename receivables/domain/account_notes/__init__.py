"""Notes on customers' accounts."""
