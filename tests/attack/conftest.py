"""The story, its people, and a clock that stands in its open month."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from time_machine import travel

from tests.attack.story import NOW, Story, a_story, named


@pytest.fixture(autouse=True)
def _in_the_open_month() -> Iterator[None]:
    cache.clear()
    with travel(NOW, tick=False):
        yield


@pytest.fixture
def story(db: None) -> Story:
    return a_story()


@pytest.fixture
def olga(db: None) -> User:
    """She works in operations."""
    return named("Operations", "olga")


@pytest.fixture
def otto(db: None) -> User:
    """He works in operations too."""
    return named("Operations", "otto")


@pytest.fixture
def fay(db: None) -> User:
    """She works in finance."""
    return named("Finance", "fay")


@pytest.fixture
def frank(db: None) -> User:
    """He works in finance too."""
    return named("Finance", "frank")


@pytest.fixture
def vera(db: None) -> User:
    """She may look."""
    return named("Viewer", "vera")
