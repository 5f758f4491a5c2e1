"""Pages of disputes: the desk, one dispute, opening one, and the reasons."""
