"""What every API answer has in common."""
