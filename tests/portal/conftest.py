"""What the tests of the portal share: two customers, and counters of log-ins that start at zero."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.core.cache import cache

from leads.models import Customer
from tests.factories.leads import CustomerFactory


@pytest.fixture(autouse=True)
def _no_attempts() -> None:
    cache.clear()


@pytest.fixture(autouse=True)
def _november() -> Iterator[None]:
    """A week after October was invoiced, so that it can be disputed."""
    with time_machine.travel(datetime(2026, 11, 10, 12, tzinfo=UTC)):
        yield


@pytest.fixture
def northlight(db: None) -> Customer:
    return CustomerFactory.create(name="Northlight Carpet Mills", time_zone="America/Chicago")


@pytest.fixture
def rival(db: None) -> Customer:
    return CustomerFactory.create(name="Rival Rugs")
