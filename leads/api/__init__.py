"""The API for lead sources."""
