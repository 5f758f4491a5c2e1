"""What finance reads about a month."""
