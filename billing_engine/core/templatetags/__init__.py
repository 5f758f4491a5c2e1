"""What the templates of all apps may call."""
