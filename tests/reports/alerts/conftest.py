"""People who choose alerts, and a mail server."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User

from tests.factories.people import with_role
from tests.invoices.post import PostOffice, opened


@pytest.fixture
def mara(db: None) -> User:
    """Operations, with an email address."""
    user = with_role("Operations")
    user.email = "mara@engine.example"
    user.save(update_fields=["email"])
    return user


@pytest.fixture
def post_office(settings: LazySettings) -> Iterator[PostOffice]:
    """A real mail server; this process's mail goes there."""
    with opened() as (office, port):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        yield office
