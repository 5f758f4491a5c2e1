"""What happens to accounts: log-ins, invitations, roles, second factors, sessions, deactivation."""
