"""From the request body to stored leads and actions."""
