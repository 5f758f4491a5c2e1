"""What every list offers beside its rows: columns that a person chooses and keeps, and a file of what is shown."""
