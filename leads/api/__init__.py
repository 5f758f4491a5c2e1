"""The way in for lead sources."""
