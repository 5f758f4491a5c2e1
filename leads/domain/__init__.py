"""The operations of the leads app."""
