"""The doors through which records come: a mapping is for one of them."""

FILES = "files"
API = "api"

_known = {FILES: "Files", API: "API"}


def offer_door(code: str, words: str) -> None:
    """Offer another door, such as a kind of webhook."""
    if code in _known:
        raise ValueError(f"The door {code} is offered twice.")
    _known[code] = words


def doors() -> dict[str, str]:
    """Return every door by its code, in words."""
    return dict(_known)
