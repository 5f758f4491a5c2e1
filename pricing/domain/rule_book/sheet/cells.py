"""Read a row's cells as the terms of a rule; errors are reported by column."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, TextChoices

from billing_engine.core.calendar.wall_clock import NotAWallClockTime, read
from billing_engine.core.money import currencies
from billing_engine.core.validation import close_to
from leads.domain.identity import external_id
from leads.models import ActionType, Channel, Customer, Product, Source
from pricing.domain.rule_book.price_parts import NOTHING_IS_ZERO, rate_of
from pricing.domain.rule_book.sheet.columns import COLUMN_OF, NO, YES, Cells, Faults
from pricing.domain.rule_book.validate import NO_NUMBER, TIERS
from pricing.models import PriceRule, PriceTier
from pricing.models.rule import TIERS_AT_MOST, price_models

NAMED: dict[str, Any] = {"customer": Customer, "source": Source, "action_type": ActionType}
Choices = list[tuple[str, str]]
CHOSEN: dict[str, Callable[[], Choices]] = {
    "channel": lambda: _choices(Channel),
    "price_model": price_models,
    "once_per": lambda: _choices(PriceRule.Once),
}
WALL_CLOCK = ("wall_from", "wall_to")
READ_IN_THEIR_OWN_WAY = {*NAMED, *CHOSEN, *WALL_CLOCK, "product", "currency", "highest_only"}
REQUIRED = "This field is required."
TIER = re.compile(r"^(?P<up_to>[^:+]*):(?P<rate>[^:+]*)(?:\+(?P<fee>[^:+]*))?$")


@dataclass(slots=True)
class Terms:
    """The contents of a row: terms by field, tiers, and what could not be read."""

    given: dict[str, Any] = field(default_factory=dict)
    tiers: list[PriceTier] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)  # message by field
    unread_of_tiers: list[dict[str, str]] = field(default_factory=list)  # message by tier

    def faults(self) -> Faults:
        """What could not be read, by column."""
        return [(COLUMN_OF.get(name, name), words) for name, words in self.unread.items()]


@dataclass(slots=True)
class Names:
    """The records that codes and SKUs refer to, read once per sheet, each loaded when first needed."""

    products: dict[tuple[int | None, str], list[int]]
    codes: dict[str, dict[str, int]]  # lowercase, by field
    spelled: dict[str, list[str]]  # as written, by field
    found: dict[tuple[str, int], Any] = field(default_factory=dict)

    @classmethod
    def read(cls) -> "Names":
        products: dict[tuple[int | None, str], list[int]] = {}
        for pk, customer, sku in Product.objects.values_list("pk", "customer", "sku"):
            products.setdefault((customer, sku.lower()), []).append(pk)
            products.setdefault((None, sku.lower()), []).append(pk)
        known = {name: dict(model.objects.values_list("code", "pk")) for name, model in NAMED.items()}
        return cls(
            products=products,
            codes={name: {code.lower(): pk for code, pk in codes.items()} for name, codes in known.items()},
            spelled={name: list(codes) for name, codes in known.items()},
        )

    def row(self, name: str, pk: int) -> Any:
        """The customer, product, source or action type itself."""
        if (name, pk) not in self.found:
            rows: Any = Product.objects.select_related("customer") if name == "product" else NAMED[name].objects
            self.found[name, pk] = rows.get(pk=pk)
        return self.found[name, pk]


def terms_of(cells: Cells, names: Names, *, own_currency: str) -> Terms:
    """Read the row as a rule's terms. `own_currency` is the draft's current one, kept even if no longer offered."""
    contents = Terms()
    text = {name: cells.get(column, "").strip() for name, column in COLUMN_OF.items()}
    text["priority"] = text["priority"] or "0"
    _name(contents, text, names)
    for name, choices in CHOSEN.items():
        _choose(contents, name, text[name], choices())
    for name in WALL_CLOCK:
        _wall_clock(contents, name, text[name])
    _highest_only(contents, text["highest_only"])
    _currency(contents, text["currency"].upper(), own_currency)
    for name, each in _fields(PriceRule, tuple(sorted(text.keys() - READ_IN_THEIR_OWN_WAY))).items():
        _read(contents.given, contents.unread, name, each, text[name])
    _tiers(contents, cells.get("tiers", ""))
    return contents


@cache
def _fields(model: type[Model], names: tuple[str, ...]) -> dict[str, forms.Field]:
    """How each kind of field reads a cell."""
    found: dict[str, forms.Field] = {}
    for name in names:
        column: Any = model._meta.get_field(name)
        made: Any = column.formfield()
        if isinstance(made, forms.DecimalField):
            made.error_messages["invalid"] = NO_NUMBER
        made.required = made.required and name not in (*NOTHING_IS_ZERO, "flat_fee")
        made.validators += [each for each in column.validators if each not in made.validators]
        found[name] = made
    return found


def _read(given: dict[str, Any], unread: dict[str, str], name: str, by: forms.Field, text: str) -> None:
    try:
        given[name] = by.clean(text)
    except ValidationError as error:
        unread[name] = " ".join(error.messages)


def _highest_only(contents: Terms, text: str) -> None:
    contents.given["highest_only"] = text.lower() in YES
    if text.lower() not in YES | NO:
        contents.unread["highest_only"] = f"“{text}” is neither yes nor no."


def _currency(contents: Terms, code: str, own: str) -> None:
    contents.given["currency"] = code
    if code and code != own and code not in dict(currencies()):
        contents.given["currency"] = ""
        contents.unread["currency"] = f"{code} is not an ISO 4217 currency code, such as USD."


def _choices(choices: type[TextChoices]) -> Choices:
    return [(str(code), str(label)) for code, label in choices.choices]


def _choose(contents: Terms, name: str, text: str, choices: Choices) -> None:
    """Read one of a few words, by code or label, ignoring case."""
    known = {_bare(word): code for code, label in choices for word in (code, label)}
    contents.given[name] = known.get(_bare(text), "")
    if text and not contents.given[name]:
        there_are = ", ".join(label.lower() for _, label in choices)
        contents.unread[name] = f"“{text}” is not one of: {there_are}."
    elif name == "price_model" and not text:
        contents.unread[name] = REQUIRED


def _bare(text: str) -> str:
    return re.sub(r"[\s_-]+", "", text.casefold())


def _wall_clock(contents: Terms, name: str, text: str) -> None:
    contents.given[name] = None
    try:
        contents.given[name] = read(text) if text else None
    except NotAWallClockTime as error:
        contents.unread[name] = str(error)
    if not text and name == "wall_from":
        contents.unread[name] = REQUIRED


def _name(contents: Terms, text: dict[str, str], names: Names) -> None:
    """Read the records the row names, by code and SKU."""
    for name, codes in names.codes.items():
        code = text[name]
        pk = codes.get(code.lower()) if code else None
        contents.given[name] = None if pk is None else names.row(name, pk)
        if code and pk is None:
            contents.unread[name] = f"Nothing has the code “{code}”.{_meant(code, names.spelled[name])}"
    customer: Customer | None = contents.given["customer"]
    sku = external_id(text["product"])
    found = names.products.get((customer.pk if customer else None, sku.lower()), []) if sku else []
    contents.given["product"] = names.row("product", found[0]) if len(found) == 1 else None
    if sku and not found:
        contents.unread["product"] = f"No product has the SKU “{sku}”."
    if len(found) > 1:
        contents.unread["product"] = f"Several customers have the SKU “{sku}”: name the customer."


def _meant(code: str, known: Iterable[str]) -> str:
    found = close_to(code, known)
    return f" Did you mean {' or '.join(found)}?" if found else ""


def _tiers(contents: Terms, text: str) -> None:
    parts: Sequence[str] = [part.strip() for part in text.split(";") if part.strip()]
    if len(parts) > TIERS_AT_MOST:
        contents.unread[TIERS] = f"These are {len(parts):,} tiers. A price can have at most {TIERS_AT_MOST:,}."
        return
    found = {part: TIER.match(part) for part in parts}
    if wrong := [part for part, match in found.items() if match is None]:
        contents.unread[TIERS] = " ".join(
            f"“{part}” is not a tier. Write “100: 2.40” or “500: 1.80 + 20”." for part in wrong
        )
    rate = rate_of(contents.given["price_model"])
    fields = _fields(PriceTier, ("up_to", rate, "flat_fee"))
    for match in (found[part] for part in parts):
        if match is not None and any(part.strip() for part in match.groups(default="")):
            _tier(contents, fields, {"up_to": match["up_to"], rate: match["rate"], "flat_fee": match["fee"] or "0"})


def _tier(contents: Terms, fields: dict[str, forms.Field], text: dict[str, str]) -> None:
    given: dict[str, Any] = {}
    unread: dict[str, str] = {}
    for name, by in fields.items():
        _read(given, unread, name, by, text[name])
    contents.tiers.append(PriceTier(**given))
    contents.unread_of_tiers.append(unread)
