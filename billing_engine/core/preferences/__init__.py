"""What a person likes to see, which is kept for the next time and is no one's record."""
