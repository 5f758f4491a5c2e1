"""The names of what answers are grouped by, looked up for the groups only, and how a filter names each."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, NamedTuple

from leads.models import ActionType, Customer, Product, Source
from pricing.models import PriceRule
from reports.domain.question.dimensions import DIMENSIONS, time_in_words
from reports.queries.explore.asked.scope import EMPTY

NO_RULE = "No rule"
NO_CATEGORY = "No category"


class Name(NamedTuple):
    """What a group is called, more about it, and its value in a filter; "" if no filter can name it."""

    words: str
    more: str = ""
    value: str = ""


def names_of(code: str, keys: Collection[Any]) -> Mapping[Any, Name]:
    """The names of these keys of a dimension."""
    if code in ROWS:
        rows, words, more, value = ROWS[code]
        found = rows().filter(pk__in=[key for key in keys if key is not None]).values_list("pk", words, more, value)
        return {None: Name(NO_RULE), **{pk: Name(name, extra, str(known)) for pk, name, extra, known in found}}
    return {key: _name(code, key) for key in keys}


def _name(code: str, key: Any) -> Name:
    if isinstance(key, date):
        return Name(time_in_words(code, key))
    choices = DIMENSIONS[code].choices
    return Name((choices[key] if choices else key) or NO_CATEGORY, value=key or EMPTY)


ROWS: dict[str, tuple[Any, str, str, str]] = {
    "customer": (Customer.objects.all, "name", "time_zone", "code"),
    "product": (Product.objects.all, "name", "sku", "pk"),
    "source": (Source.objects.all, "name", "code", "code"),
    "action_type": (ActionType.objects.all, "name", "code", "code"),
    "rule": (PriceRule.objects.all, "name", "currency", "pk"),
}
