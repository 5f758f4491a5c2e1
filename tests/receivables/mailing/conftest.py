"""Reminders need a mail server."""

from tests.invoices.conftest import post_office  # noqa: F401 -- a fixture is found where it is imported
