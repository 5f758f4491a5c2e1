"""The actions of a source or channel that were disputed or credited: the rows behind the figures of source quality."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.timezone import now

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import address_of, page_of
from billing_engine.core.admin_kit.menu import page_at
from billing_engine.core.calendar.instants import NOTHING, instant_in_words
from billing_engine.core.calendar.wording import named_in_words
from billing_engine.core.money import in_words
from billing_engine.core.read_replica import freshness, from_copy
from leads.models import Action, Channel, Customer, Source
from receivables.models import CreditNote, Dispute
from reports.admin.sources.asked import MAY_SEE_DISPUTED
from reports.admin.sources.cells import PARTS
from reports.admin.sources.table import Cell, Head, Table
from reports.domain.question.faults import BadQuestion
from reports.queries.freshness import freshness_in_words
from reports.queries.source_quality.days import Days
from reports.queries.source_quality.disputed import (
    MOST_ROWS,
    DisputedAction,
    Part,
    disputed_actions,
    disputed_and_credited,
)
from reports.queries.source_quality.groups import CHANNEL, SOURCE, pieces_of

TITLES = ("Action", "Customer", "Occurred", "Dispute", "Disputed", "Credit note", "Credited")
TEMPLATE = "reports/sources_disputed.html"
NOTE = "By each customer’s own days, before tax, for reasons that the source answers for; without withdrawn disputes."


@needs("leads.view_source", *MAY_SEE_DISPUTED)
@from_copy
def disputed_page(request: HttpRequest) -> HttpResponse:
    """List the actions behind one figure, which the address names."""
    page: dict[str, Any] = {**admin.site.each_context(request), "freshness": freshness_in_words(freshness())}
    part = "credited" if request.GET.get("part") == "credited" else "disputed"
    code, channel = request.GET.get(SOURCE, ""), request.GET.get(CHANNEL, "")
    currency, owner = request.GET.get("currency", "")[:3], request.GET.get("customer", "")
    sources = [get_object_or_404(Source, code=code)] if code else list(Source.objects.all())
    name = str(sources[0]) if code else dict(Channel.choices).get(channel, "")
    customer = get_object_or_404(Customer, code=owner).pk if owner else None
    page["title"] = f"{PARTS[part]} actions of {name or 'no channel'}"
    try:
        days = Days.read(request.GET.get("days", ""), today=now().date())
    except BadQuestion as refusal:
        return TemplateResponse(request, TEMPLATE, page | {"refusal": str(refusal)}, status=refusal.http_status)
    pieces = pieces_of(days, by=SOURCE if code else CHANNEL, sources=sources)
    key, is_credited = code or channel, part == "credited"
    found = disputed_actions(pieces, days, is_credited=is_credited, key=key, currency=currency, customer=customer)
    sums = disputed_and_credited(pieces, days, by_customer=customer is not None)
    of_all = sums.get((key, customer, currency), (Part(), Part()))
    shown = {
        "table": table_of(found, currency, of_all),
        "days_in_words": named_in_words(days.first, days.last),
        "count": of_all[is_credited].actions,
        "most": MOST_ROWS,
    }
    return TemplateResponse(request, TEMPLATE, page | shown)


def table_of(found: list[DisputedAction], currency: str, of_all: tuple[Part, Part]) -> Table:
    """The rows with what they lead to, and the sums of all, whether they are shown or not."""
    actions = Action.objects.in_bulk([each.action for each in found])
    customers = Customer.objects.in_bulk({each.customer for each in found})
    disputes = Dispute.objects.select_related("customer").in_bulk({each.dispute for each in found if each.dispute})
    notes = CreditNote.objects.in_bulk({each.note for each in found if each.note})

    def row(each: DisputedAction) -> list[Cell]:
        customer, dispute, note = customers[each.customer], disputes.get(each.dispute), notes.get(each.note)
        return [
            Cell(actions[each.action].external_id, page_of("leads.action", each.action)),
            Cell(customer.name, page_of("leads.customer", customer.pk)),
            Cell(instant_in_words(each.occurred_at, customer.zone)),
            Cell(str(dispute), address_of(dispute), more=dispute.get_state_display()) if dispute else Cell(NOTHING),
            _amount(each.disputed, currency),
            Cell(str(note), address_of(note)) if note else Cell(NOTHING),
            _amount(each.credited, currency),
        ]

    sums = [_amount(part.amount, currency) for part in of_all]
    total = [Cell("Total"), *[Cell("")] * 3, sums[0], Cell(""), sums[1]]
    heads = [Head(title, is_name=title == "Action") for title in TITLES]
    return Table("", NOTE, heads, [row(each) for each in found], total)


def _amount(amount: Decimal | None, currency: str) -> Cell:
    return Cell(NOTHING) if amount is None else Cell(in_words(amount, currency))


page_at("reports/disputed-actions/", disputed_page, name="reports_disputed_actions")
