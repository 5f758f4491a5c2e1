"""The way of an action to a voided invoice, and every form, with the rights of the app's database login."""
