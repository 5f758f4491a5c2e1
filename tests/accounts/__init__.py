"""Accounts: log-in, second factors, invitations, people and roles."""
