"""Proposals: changes of terms or facts that are tried as if they were in force, and leave nothing behind.

A proposal is a stored row that is not in force yet, such as a revision waiting for approval. Each kind of proposal
registers a function that puts it in force; here it runs in a savepoint that is always rolled back, so that rating reads
its inputs from the database as it always does.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import Model

from billing_engine.core.models.deed import reference

# Puts the proposal in force within the current transaction. It should insert rows and not change them: simulations of
# many customers try the same proposal at the same time, and would wait for one another's changes.
Enact = Callable[[Any, datetime], object]

_known: dict[type[Model], Enact] = {}


def register(model: type[Model], enact: Enact) -> None:
    """Let the rows of a model be tried."""
    _known[model] = enact


def references(proposals: Iterable[Model]) -> list[list[str]]:
    """The proposals as a simulation keeps them: what they are, and their names."""
    return [[reference(each), str(each)] for each in proposals]


def proposed(kept: Iterable[list[str]]) -> list[Model]:
    """The kept proposals that are still there."""
    found = list[Model]()
    for name, _ in kept:
        label, _, pk = name.rpartition(":")
        manager = apps.get_model(label)._meta.default_manager
        found += list(manager.filter(pk=pk)) if manager else []
    return found


@contextmanager
def as_if_in_force(proposals: Iterable[Model], *, at: datetime) -> Iterator[None]:
    """A savepoint in which the proposals are in force; all that is written in it is undone."""
    with transaction.atomic():
        for each in proposals:
            _known[type(each)](each, at)
        yield
        transaction.set_rollback(True)
