"""How customers' people come in: log-in, invitations, and their own second factors."""
