"""What the leads app can do."""
