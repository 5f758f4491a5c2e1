"""Format values for pages: numbers without trailing zeros, states as chips, rows as links."""

import json
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Literal

from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from billing_engine.core import money
from billing_engine.core.calendar.instants import NOTHING, day, instant

__all__ = ["NOTHING", "day", "instant"]  # re-exported: pages import their formatting from here

FITS = 48  # characters: two or three lines of a column

# Each is a pair of colors in core/tokens.css, with one meaning everywhere: docs/design.md.
Colour = Literal["plain", "green", "blue", "orange", "red"]


def number(value: int | Decimal | None) -> SafeString | str:
    """`1,234.5`: thousands separated, no trailing zeros, digits aligned."""
    if value is None:
        return NOTHING
    plain = f"{value.normalize():f}" if isinstance(value, Decimal) else value
    return format_html('<span class="lb-number">{}</span>', number_format(plain, use_l10n=True, force_grouping=True))


def amount(words: object) -> SafeString:
    """An amount already formatted, with its digits aligned."""
    return format_html('<span class="lb-number">{}</span>', words)


def price(value: Decimal | None, currency: str) -> SafeString:
    """Money with all its decimal places."""
    return amount(NOTHING if value is None else money.price_in_words(value, currency))


def total(value: Decimal | None, currency: str, is_void: bool = False) -> SafeString:  # noqa: FBT001 -- a column's values come in order
    """Money as on an invoice, rounded to the currency's smallest unit; struck through if it counts no more."""
    words = NOTHING if value is None else money.in_words(value, currency)
    return amount(format_html("<s>{}</s>", words) if is_void else words)


def chip(text: object, colour: Colour = "plain") -> SafeString:
    """A small colored label."""
    return format_html('<span class="lb-chip lb-{}">{}</span>', colour, text)


def flag(yes: str, no: str) -> Callable[[bool], SafeString]:
    """A flag: a green chip if set, a plain one if not."""
    return lambda is_set: chip(yes, "green") if is_set else chip(no)


active = flag("Active", "Inactive")


def chips(texts: list[str], colour: Colour = "plain") -> SafeString:
    """Several labels in a row."""
    return format_html('<span class="lb-chips">{}</span>', together(chip(text, colour) for text in texts))


def together(shown: Iterable[SafeString]) -> SafeString:
    """Fragments of a page, joined in order."""
    return format_html_join("", "{}", ((piece,) for piece in shown))


def shortened(text: object, fits: int = FITS) -> SafeString | str:
    """A string that may be long: a list cuts its middle and shows it in a tooltip, a page shows all of it."""
    words = str(text)
    return format_html('<span class="lb-cut" title="{}">{}</span>', words, _cut(words, fits)) if words else NOTHING


def _cut(words: str, fits: int = FITS) -> SafeString | str:
    """Keep the start and the end of a long name, because names that start alike differ at the end."""
    if len(words) <= fits:
        return words
    short = f"{_whole_words(words[: fits // 2])} … {_whole_words(words[-fits // 2 :][::-1])[::-1]}"
    return format_html('<span class="lb-short">{}</span><span class="lb-whole">{}</span>', short, words)


def _whole_words(part: str) -> str:
    """Cut at the last space, if enough remains."""
    until = part.rfind(" ")
    return part[:until] if until > len(part) // 2 else part


def code(text: object) -> SafeString | str:
    """An id, digest or pointer in a monospaced font."""
    words = str(text)
    return format_html('<span class="lb-code" title="{}">{}</span>', words, words) if words else NOTHING


def link(row: Model | None, text: object = None) -> SafeString | str:
    """A link to the row's page."""
    if row is None:
        return NOTHING
    return link_to(address_of(row), row if text is None else text)


def address_of(row: Model) -> str:
    """The address of the row's page."""
    return page_of(row._meta.label_lower, row.pk)


def page_of(model: str, key: object) -> str:
    """The address of a row's page, without loading the row: `page_of("leads.delivery", 3)`."""
    app, name = model.split(".")
    return reverse(f"admin:{app}_{name}_change", args=[key])


def delivered(delivery: int, **item: int) -> SafeString:
    """A link to a delivery, and to an item in it: `delivered(13, action=17)`."""
    ((kind, key),) = item.items()
    return link_to(f"{page_of('leads.delivery', delivery)}?{kind}={key}#item", f"Delivery {delivery}")


def link_to(address: str, text: object) -> SafeString:
    """A link, cut at the end of its column."""
    return format_html('<a class="text-link lb-cut" href="{}" title="{}">{}</a>', address, text, _cut(str(text)))


def action_cell(kind: object, external_id: object) -> SafeString:
    """An action: its type and, less prominent, its id."""
    return format_html('{} <span class="lb-quiet lb-cut" title="{}">{}</span>', kind, external_id, external_id)


def list_of(model: str, **where: object) -> str:
    """The address of a model's list, filtered: `list_of("leads.lead", source__id__exact=3)`; "" if no admin shows it."""
    app, name = model.split(".")
    try:
        address = reverse(f"admin:{app}_{name}_changelist")
    except NoReverseMatch:
        return ""
    asked = {name: str(value) for name, value in where.items() if value is not None}
    return f"{address}?{urlencode(asked)}" if asked else address


def content(sent: Any) -> SafeString | str:
    """JSON in a scrollable block."""
    return block(pretty(sent)) if sent else NOTHING


def pretty(content: Any) -> str:
    """Formatted JSON, with members in the order they were sent."""
    return json.dumps(content, indent=2, ensure_ascii=False, default=str)


def block(text: str) -> SafeString:
    """Monospaced text in a scrollable block."""
    return format_html('<pre class="lb-block" tabindex="0">{}</pre>', text)
