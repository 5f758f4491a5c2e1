"""What a person is asked about a refused item: the one value that is wrong, by the code and the place of its fault."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from billing_engine.core.validation import close_to
from leads.domain.identity import external_id
from leads.domain.intake.schema import ActionItem, ContactItem, LeadItem, ProductItem
from leads.domain.occurrence import customers_of
from leads.domain.quarantine.causes import (
    MEMBER_UNKNOWN,
    MISSING,
    TIME_WITHOUT_OFFSET,
    found_at,
    place_of,
    pointer_of,
    pointer_to,
)
from leads.domain.quarantine.records import NOT_AS_SENT, OF_RECORDS
from leads.domain.quarantine.settle import CONFLICTS
from leads.models import ActionType, Customer, Product, QuarantinedItem

COMPARED = 5_000  # SKUs or codes that a misspelled one is compared with
NOT_BY_A_VALUE = (*CONFLICTS, *NOT_AS_SENT, "unknown_action", "member_too_large", "too_many_actions")


class Asks(Enum):
    """The kind of field."""

    ACTION_TYPE = auto()
    PRODUCT = auto()
    CUSTOMER = auto()
    TIME = auto()
    ZONE = auto()
    NUMBER = auto()
    EMAIL = auto()
    PHONE = auto()
    FLAG = auto()
    MEMBER = auto()
    TEXT = auto()


_AT = (
    (r"/actions/0/type", Asks.ACTION_TYPE, "Action type"),
    (r"/product(/sku)?", Asks.PRODUCT, "Product"),
    (r"/product/customer", Asks.CUSTOMER, "Customer"),
    (r"(/actions/0)?/occurred_at", Asks.TIME, "Occurred at"),
    (r"/actions/0/quantity", Asks.NUMBER, "Quantity"),
    (r"/actions/0/value", Asks.NUMBER, "Value"),
    (r"/contact/email", Asks.EMAIL, "Email"),
    (r"/contact/phone", Asks.PHONE, "Phone"),
    (r"/is_test", Asks.FLAG, "Test"),
    (r"/id", Asks.TEXT, "Lead ID"),
    (r"/actions/0/id", Asks.TEXT, "Action ID"),
    (r"/actions/0/void/reason", Asks.TEXT, "Reason of the void"),
    (r"/contact/name", Asks.TEXT, "Name"),
    (r"/contact/firm", Asks.TEXT, "Company"),
    (r"/contact/country", Asks.TEXT, "Country"),
    (r"/contact/region", Asks.TEXT, "Region"),
    (r"/channel", Asks.TEXT, "Channel"),
    (r"/campaign", Asks.TEXT, "Campaign"),
)
_MEMBERS = {"": LeadItem, "/actions/0": ActionItem, "/product": ProductItem, "/contact": ContactItem}


@dataclass(frozen=True, slots=True)
class Question:
    """A value to enter: its kind, its place in the item, its label, and what is there now (MISSING if nothing)."""

    asks: Asks
    place: str
    label: str
    found: Any

    @property
    def found_in_words(self) -> str:
        """The wrong value, as far as it is one."""
        return "" if self.found is MISSING or isinstance(self.found, dict | list) else str(self.found)


@dataclass(frozen=True, slots=True)
class Meant:
    """A known value close to the wrong one: what the field would hold, and how it is shown."""

    value: str
    words: str


def question_of(item: QuarantinedItem) -> Question | None:
    """Return what to ask about an item; None if no single value fixes it."""
    if item.code in NOT_BY_A_VALUE or not isinstance(item.content, dict):
        return None
    place = place_of(item)
    found = found_at(item.content, place)
    if item.code in OF_RECORDS:
        name = place.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
        return Question(Asks.TEXT, place, name, found) if isinstance(found, str | int) and name else None
    if item.code == MEMBER_UNKNOWN:
        return Question(Asks.MEMBER, place, "What it is", found) if pointer_of(item) in _MEMBERS else None
    for pattern, asks, label in _AT:
        if re.fullmatch(pattern, place):
            return Question(Asks.ZONE if item.code == TIME_WITHOUT_OFFSET else asks, place, label, found)
    return None


def members_for(item: QuarantinedItem, question: Question) -> list[tuple[str, str]]:
    """Return the places that an unknown member may belong to, the closest name first, each with its words."""
    holder, _, name = question.place.rpartition("/")
    there = found_at(item.content, holder)
    free = [each for each in _MEMBERS[holder].__struct_fields__ if each not in there]
    close = close_to(name, free)
    in_order = [*close, *(each for each in free if each not in close)]
    top = holder if holder in ("", "/actions/0") else ""
    kept = (f"{top}/attributes{pointer_to(name)}", f"Other data: keep “{name}” in attributes")
    renamed = [(holder + pointer_to(each), f"Misspelled: it is “{each}”") for each in in_order]
    return [*renamed[: len(close)], kept, *renamed[len(close) :]]


def meant_by(item: QuarantinedItem, question: Question) -> list[Meant]:
    """Return the known values that are close to the wrong one, closest first."""
    wrong = question.place.rpartition("/")[2] if question.asks == Asks.MEMBER else question.found_in_words
    if not wrong:
        return []
    if question.asks == Asks.ACTION_TYPE:
        return [Meant(code, code) for code in close_to(wrong, ActionType.objects.values_list("code", flat=True))]
    if question.asks == Asks.PRODUCT:
        return _products(item, wrong)
    if question.asks == Asks.CUSTOMER:
        codes = dict(Customer.objects.order_by("pk").values_list("code", "pk")[:COMPARED])
        return [Meant(str(codes[code]), code) for code in close_to(wrong, codes)]
    if question.asks == Asks.MEMBER:
        holder, _, name = question.place.rpartition("/")
        places = dict(members_for(item, question))
        close = close_to(name, _MEMBERS[holder].__struct_fields__)
        return [Meant(holder + pointer_to(each), each) for each in close if holder + pointer_to(each) in places]
    return []


def _products(item: QuarantinedItem, wrong: str) -> list[Meant]:
    """Products of the item's customer whose SKU is close to the one that was sent."""
    [customer] = customers_of(item.source, [item.content])
    theirs = Product.objects.filter(customer=customer.pk) if customer else Product.objects.all()
    rows: Sequence[tuple[str, int, str]] = list(theirs.order_by("pk").values_list("sku", "pk", "name")[:COMPARED])
    return [Meant(str(pk), f"{sku} · {name}") for sku, pk, name in _closest(external_id(wrong), rows)]


def _closest(wrong: str, rows: Iterable[tuple[str, int, str]]) -> list[tuple[str, int, str]]:
    by_sku = {row[0]: row for row in rows}
    return [by_sku[sku] for sku in close_to(wrong, by_sku)]
