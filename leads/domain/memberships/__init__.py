"""People of customers: their portal's address and ids, invitations, roles, and looks by staff."""
