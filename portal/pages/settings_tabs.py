"""The tabs of the settings."""

from portal.gate import Visit

TABS = (
    ("settings", "People"),
    ("keys", "API keys"),
    ("emails", "Emails"),
    ("company", "Company and PO number"),
    ("looks", "Looks by staff"),
)


def tabs_of(visit: Visit, here: str) -> list[tuple[str, str, bool]]:
    """Return each tab's name, its address, and whether it is this one."""
    return [(name, visit.address(code), code == here) for code, name in TABS]
