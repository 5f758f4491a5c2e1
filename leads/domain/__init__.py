"""What the leads storey can do."""
