"""What the roll-up of activity costs rating."""
