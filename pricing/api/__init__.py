"""The API of charges."""
