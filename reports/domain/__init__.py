"""What reports decide for themselves; figures come from the roll-up."""
