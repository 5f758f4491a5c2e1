"""What the pricing storey can do."""
