"""What the pricing app can do."""
