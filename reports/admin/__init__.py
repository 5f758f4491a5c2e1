"""Pages that read, and the one from which finance closes a month."""

from reports.admin import cycles

__all__ = ["cycles"]
