"""What reports decide: what can be asked, and how."""
