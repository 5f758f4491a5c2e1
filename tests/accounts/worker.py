"""A worker that is at hand: what is asked for after commit is done at once, in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from celery import current_app
from django.test import TestCase

Asked = list[tuple[str, dict[str, Any]]]


@contextmanager
def a_worker() -> Iterator[Asked]:
    """Do each task that is asked for within; yields what was asked."""
    asked: Asked = []
    current_app.loader.import_default_modules()  # as a worker does when it starts

    def done(name: str, kwargs: dict[str, Any], **_: Any) -> None:
        asked.append((name, kwargs))
        current_app.tasks[name](**kwargs)

    with pytest.MonkeyPatch.context() as patch, TestCase.captureOnCommitCallbacks(execute=True):
        patch.setattr(current_app, "send_task", done)
        yield asked
