"""What the engine logs, caught as it would be written."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from billing_engine.operations.monitoring.logs import JSON, formatter

Said = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything that is logged while the test runs, of every library and every level, as JSON lines."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter(form=JSON))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.setLevel(level)
    root.removeHandler(handler)


@pytest.fixture
def said(written: io.StringIO) -> Said:
    """The same, read."""
    return lambda: [json.loads(line) for line in written.getvalue().splitlines()]
