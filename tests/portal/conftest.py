"""What the tests of the portal share: two customers, and counters of log-ins that start at zero."""

import pytest
from django.core.cache import cache

from leads.models import Customer
from tests.factories.leads import CustomerFactory


@pytest.fixture(autouse=True)
def _no_attempts() -> None:
    cache.clear()


@pytest.fixture
def northlight(db: None) -> Customer:
    return CustomerFactory.create(name="Northlight Carpet Mills", time_zone="America/Chicago")


@pytest.fixture
def rival(db: None) -> Customer:
    return CustomerFactory.create(name="Rival Rugs")
