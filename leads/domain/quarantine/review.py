"""A person sees what they change about an item before it is stored."""

import hashlib
from typing import Any

from billing_engine.core.errors import Refused
from leads.domain.body.decode import as_json
from leads.domain.quarantine.difference import Changes, difference
from leads.domain.quarantine.identity import identity_fault
from leads.models import QuarantinedItem


class DifferenceNotSeen(Refused):
    """The person has not confirmed this difference yet."""

    code = "difference_not_seen"
    message = "Check what you changed, then confirm."

    def __init__(self, changes: Changes) -> None:
        super().__init__()
        self.changes = changes
        self.name = _name_of(changes)


def check_seen(item: QuarantinedItem, content: dict[str, Any], *, seen: str) -> None:
    """Raise DifferenceNotSeen unless `seen` names this difference; what can't be a repair is left to be refused as such."""
    changes = difference(item.content, content)
    if changes and seen != _name_of(changes) and identity_fault(item, content) is None:
        raise DifferenceNotSeen(changes)


def _name_of(changes: Changes) -> str:
    return hashlib.sha256(as_json(changes).encode()).hexdigest()
