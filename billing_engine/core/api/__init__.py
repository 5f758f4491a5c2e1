"""Shared parts of the API."""
