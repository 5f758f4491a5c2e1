"""What pages ask of charges."""
