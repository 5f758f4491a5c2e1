"""What every page of the portal has around it: the menu, the looker's banner, what was received, the company."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest
from django.template.response import TemplateResponse

from billing_engine.core.calendar.spans import Month
from leads.domain.brand import brand_of
from leads.models import MemberRole
from portal.brand import has_color
from portal.gate import Visit
from portal.words import currency_name, full_instant
from receivables.models import Dispute
from reports.queries.completeness import Completeness, of_days

MENU = (
    ("overview", "Overview"),
    ("invoices", "Invoices"),
    ("activity", "Activity"),
    ("disputes", "Disputes"),
    ("payments", "Payments"),
    ("prices", "Prices"),
    ("settings", "Settings"),
)


@dataclass(frozen=True, slots=True)
class Item:
    """An item of the menu."""

    name: str
    address: str
    is_here: bool
    count: int = 0


@dataclass(frozen=True, slots=True)
class Whole:
    """Received = charged + included at $0.00 + not charged + waiting, for a stretch of time in words."""

    of: str
    counts: Completeness


def page(request: HttpRequest, visit: Visit, template: str, title: str, **context: Any) -> TemplateResponse:
    """Return a page in the portal's frame; `here` is its item of the menu, `whole` what its figures are part of."""
    here, whole = context.pop("here"), context.pop("whole", None)
    customer = visit.customer
    around = {
        "title": title,
        "visit": visit,
        "customer": customer,
        "brand": brand_of(customer),
        "menu": _menu(visit, here),
        "whole": whole or month_so_far(visit),
        "may_dispute": visit.may(MemberRole.BILLING),
        "look_since": full_instant(visit.look.began_at, customer) if visit.look else "",
        "currency_name": currency_name(customer.currency),
        "home": visit.address("overview"),
        "payments_address": visit.address("payments"),
        "prices_address": visit.address("prices"),
        "style_address": visit.address("style") if has_color() else "",
    }
    return TemplateResponse(request, f"portal/{template}.html", around | context, status=context.pop("status", 200))


def month_so_far(visit: Visit) -> Whole:
    """What happened to everything received this month."""
    month = Month.of_day(visit.customer.today)
    return whole_of(visit, month.first, month.last, f"{month.first:%B} so far")


def whole_of(visit: Visit, first: date, last: date, words: str) -> Whole:
    """What happened to everything received on some days."""
    return Whole(words, of_days(visit.customer, first, last))


def _menu(visit: Visit, here: str) -> list[Item]:
    open_disputes = Dispute.objects.undecided().filter(customer=visit.customer).count()
    counts = {"disputes": open_disputes}
    return [Item(name, visit.address(code), code == here, counts.get(code, 0)) for code, name in MENU]
