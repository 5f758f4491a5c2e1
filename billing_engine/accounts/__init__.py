"""People who log in: invitations, roles and where they come from, second factors, sessions."""
