"""The engine's log lines, as they would be written."""

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
    """Everything that is logged during the test, by all libraries at all levels, as JSON lines."""
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
    """The same, parsed."""
    return lambda: [json.loads(line) for line in written.getvalue().splitlines()]
