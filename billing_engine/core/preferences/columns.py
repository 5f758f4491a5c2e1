"""The columns of a list that a person chose; a list's own are shown until then."""

from collections.abc import Collection, Sequence

from django.contrib.auth.models import User

from billing_engine.core.models import ListColumns


def kept_by(person: User, listed: str) -> list[str] | None:
    """The names of the columns that the person chose; None if there is no choice."""
    kept = ListColumns.objects.filter(person=person, listed=listed)
    found: list[str] | None = kept.values_list("columns", flat=True).first()
    return found


def keep(person: User, listed: str, names: Sequence[str], usual: Collection[str]) -> None:
    """Keep a choice, but not that of the usual columns, so that a new column of the list appears in them."""
    if set(names) == set(usual):
        ListColumns.objects.filter(person=person, listed=listed).delete()
        return
    ListColumns.objects.update_or_create(person=person, listed=listed, defaults={"columns": list(names)})
