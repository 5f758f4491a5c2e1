"""Pages that read: each module has its page, its address and its place in the menu."""

from reports.admin import activity, invariants

__all__ = ["activity", "invariants"]
