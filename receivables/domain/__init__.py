"""What is posted and matched, and what is refused."""
