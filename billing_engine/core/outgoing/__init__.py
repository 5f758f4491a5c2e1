"""Requests to servers of others: to public addresses only, within a bounded time, of a bounded answer."""
