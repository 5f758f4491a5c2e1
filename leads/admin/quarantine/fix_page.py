"""Fix one item or all alike: the right value is entered, its effect on each item is shown, and then it is done."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.timezone import now

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import NOTHING, Colour, chip, page_of
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.menu import page_at
from billing_engine.core.calendar.instants import instant_in_words
from billing_engine.core.errors import Refused
from leads.admin.quarantine.bulk_retries import RETRIED_HERE, worked_off
from leads.admin.quarantine.fix_form import FixForm
from leads.admin.quarantine.item_page import in_words, is_held
from leads.admin.quarantine.questions import meant_by, question_of
from leads.domain.access.contacts import VIEW_RAW_BODIES, look_at_contacts
from leads.domain.body.decode import as_json
from leads.domain.intake.receipt import DUPLICATE, Receipt
from leads.domain.occurrence import occurred
from leads.domain.quarantine.bulk_retry import start_retry
from leads.domain.quarantine.causes import Cause
from leads.domain.quarantine.fixes import Fix, Fixing, is_for_many, repair_with, tried
from leads.models import QuarantinedItem

CHANGE = "leads.change_quarantineditem"
TRIED = 50  # items whose outcome is found out before it is done
SHOWN = 10
STORED, SAME, WAITS = "Will be stored", "Duplicate, changes nothing", "Still refused"
COLOURS: dict[str, Colour] = {STORED: "green", SAME: "plain", WAITS: "orange"}


@dataclass(frozen=True, slots=True)
class Row:
    """The outcome that one item would have."""

    item: QuarantinedItem
    at: datetime | None  # when it occurred, with the fix
    outcome: str
    words: str

    @property
    def lead(self) -> str:
        """The ID of its lead."""
        content: Any = self.item.content
        return self.item.lead_external_id or str(content.get("id", NOTHING))

    @property
    def occurred(self) -> str:
        """When it occurred, in its customer's time zone."""
        return instant_in_words(self.at, ZoneInfo(self.item.zone or "UTC")) if self.at else NOTHING

    @property
    def address(self) -> str:
        """The address of the item's page."""
        return page_of("leads.quarantineditem", self.item.pk)

    @property
    def chip(self) -> SafeString:
        """The outcome."""
        return chip(self.outcome, COLOURS[self.outcome])


def fix_address(item: int) -> str:
    """The address of the page that fixes an item; if no single value fixes it, it leads on to the item's page."""
    return reverse("admin:leads_quarantineditem_fix", args=[item])


def fix_context(item: QuarantinedItem, *, data: Any = None) -> dict[str, Any]:
    """What the form needs, on this page and on the item's; {} if no single value fixes the item."""
    question = question_of(item)
    if question is None:
        return {}
    cause = Cause.of(item)
    alike = cause.items().count() if is_for_many(cause) and not item.awaited else 1
    form = FixForm(item, question, alike, data)
    return {
        "fix": form,
        "sent": question.found_in_words,
        "alike": alike,
        "meant": meant_by(item, question),
        "action": fix_address(item.pk),
    }


@needs(CHANGE, VIEW_RAW_BODIES)
def fix_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The form and, once it is posted, the effect; pressed again under the same effect, it is done."""
    item = get_object_or_404(QuarantinedItem.objects.select_related("source__customer", "delivery"), pk=pk)
    data = _answers(request) if request.method == "POST" else None
    context = fix_context(item, data=data) if item.state == QuarantinedItem.State.WAITING else {}
    if not context:
        if data is not None:
            messages.warning(
                request, "Nothing was changed: the item was settled meanwhile, or no single value fixes it now."
            )
        return HttpResponseRedirect(page_of("leads.quarantineditem", pk))
    form: FixForm = context["fix"]
    if form.is_valid():
        fix = form.fix()
        seen = _name_of(fix, is_for_alike=form.is_for_alike)
        if request.POST.get("seen") == seen:
            return _done(request, item, fix, is_for_alike=form.is_for_alike)
        context |= {"seen": seen, "change": Fixing(Cause.of(item), fix).change}
        context |= _effect(request, item, fix, is_for_alike=form.is_for_alike)
    look_at_contacts(item, by=person(request))
    page = {
        **admin.site.each_context(request),
        "title": "Fix and retry",
        "opts": QuarantinedItem._meta,
        "original": item,
        "back": page_of("leads.quarantineditem", pk),
        **context,
    }
    response = TemplateResponse(request, "leads/fix_item.html", page)
    response["Cache-Control"] = "no-store"
    return response


def _answers(request: HttpRequest) -> Any:
    """The form as posted; a suggestion that was pressed stands in for the field."""
    answers = request.POST.copy()
    if meant := answers.get("meant"):
        answers["value"] = meant
    return answers


def _effect(request: HttpRequest, item: QuarantinedItem, fix: Fix, *, is_for_alike: bool) -> dict[str, Any]:
    """Try the fix on the item, or on the first of all alike: how many of each outcome, and some rows of each."""
    every = Cause.of(item).items() if is_for_alike else QuarantinedItem.objects.filter(pk=item.pk)
    keys = list(every.order_by("pk").values_list("pk", flat=True))
    first = every.filter(pk__in=keys[:TRIED]).select_related("source__customer", "delivery").order_by("pk")
    rows = [_row(each, fix, tried(each, fix, by=person(request), at=now())) for each in first]
    counts = Counter(row.outcome for row in rows)
    # Each outcome first, so that none is only a number.
    leading = [next(row for row in rows if row.outcome == outcome) for outcome in COLOURS if counts[outcome]]
    return {
        "count": len(keys),
        "up_to": keys[-1] if keys else 0,
        "tried": len(rows),
        "outcomes": [(outcome, counts[outcome]) for outcome in COLOURS if counts[outcome] or outcome == STORED],
        "rows": leading + [row for row in rows if row not in leading][: SHOWN - len(leading)],
        "is_hopeless": len(rows) == len(keys) and not counts[STORED] and not counts[SAME],
        "is_for_workers": len(keys) > RETRIED_HERE,
    }


def _row(item: QuarantinedItem, fix: Fix, found: Receipt | Refused) -> Row:
    at = occurred(fix.applied(item.content), received_at=item.received_at, zone=item.zone).at
    if isinstance(found, Refused):
        return Row(item, at, WAITS, str(found))
    lead = found.results[0]
    outcomes = {action.outcome for action in lead.actions} or {lead.outcome}
    return Row(item, at, SAME if outcomes == {DUPLICATE} else STORED, in_words(found))


def _done(request: HttpRequest, item: QuarantinedItem, fix: Fix, *, is_for_alike: bool) -> HttpResponse:
    try:
        if not is_for_alike:
            receipt = repair_with(item, fix, by=person(request), at=now())
            level = messages.WARNING if is_held(receipt) else messages.SUCCESS
            messages.add_message(request, level, in_words(receipt))
            return HttpResponseRedirect(page_of("leads.quarantineditem", item.pk))
        up_to = request.POST.get("up_to", "")
        retry = start_retry(
            item.source,
            code=item.code,
            by=person(request),
            at=now(),
            fixing=Fixing(Cause.of(item), fix),
            up_to=int(up_to) if up_to.isdecimal() else None,
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(page_of("leads.quarantineditem", item.pk))
    return worked_off(request, retry)


def _name_of(fix: Fix, *, is_for_alike: bool) -> str:
    return hashlib.sha256(as_json([fix.kind, fix.place, fix.value, is_for_alike]).encode()).hexdigest()


page_at("leads/quarantineditem/<int:pk>/fix/", fix_page, name="leads_quarantineditem_fix")
