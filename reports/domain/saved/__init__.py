"""Saved reports: kept under a name, shared, and mailed by schedule."""
