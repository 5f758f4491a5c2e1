"""Open a dispute: the charges, the reason with its last day, words and files; quota and clock stand before Send."""

from dataclasses import dataclass
from decimal import Decimal

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.timezone import now

from billing_engine.core import money
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.errors import Refused
from leads.models import Action
from portal.frame import page
from portal.gate import Visit
from portal.pages.invoices.charges import contact_of, shown_id
from portal.pages.invoices.line import one_line
from portal.words import counted, day_of_month, instant
from pricing.models import Charge
from receivables.domain.disputes.evidence import KINDS, KINDS_IN_WORDS, MOST_FILES, Evidence
from receivables.domain.disputes.opening import BeforeYouSend, before_you_send, open_dispute
from receivables.domain.disputes.speaker import Speaker
from receivables.domain.disputes.subject import (
    MOST_CHOSEN,
    Subject,
    amounts_in_words,
    check_not_disputed,
    subject_of_charges,
    subject_of_line,
)
from receivables.domain.disputes.windows import WindowIsClosed, window_of
from receivables.models import Reason

MOST_LISTED = 50
BAR = 1_000
CLOSED = "The last day for this reason is over. Choose another reason."


class OpenForm(forms.Form):
    """The reason, and what happened."""

    reason = forms.ModelChoiceField(
        Reason.objects.filter(is_active=True, customers_may_give_it=True).order_by("name"),
        error_messages={"required": "Choose a reason."},
    )
    words = forms.CharField(label="What happened", required=False, max_length=2_000)


@dataclass(frozen=True, slots=True)
class Choice:
    """A reason with its last day, and what to send."""

    id: int
    name: str
    asks: str
    until: str
    is_over: bool
    is_chosen: bool


def speaker_of(visit: Visit) -> Speaker:
    """The person, as the contact of their customer."""
    return Speaker(contact=visit.user.email or visit.user.get_username(), member=visit.user)


def open_page(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show what is about to be disputed; a POST opens the dispute."""
    try:
        subject = _subject(visit, request.GET)
        check_not_disputed(subject)
    except Refused as refusal:
        title = "These charges can't be disputed"
        return page(request, visit, "refused", title, here="disputes", words=str(refusal), status=409)
    form, refused = OpenForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        files = [Evidence(file.name or "", file.read()) for file in request.FILES.getlist("files")[: MOST_FILES + 1]]
        try:
            opened = open_dispute(subject, **form.cleaned_data, by=speaker_of(visit), at=now(), files=files)
        except WindowIsClosed:
            refused = CLOSED
        except Refused as refusal:
            refused = str(refusal)
        else:
            said = f"Dispute sent. {opened}, {opened.total_in_words} is set aside. We decide by {day_in_words(opened.decide_by)}."
            messages.success(request, said)
            return HttpResponseRedirect(visit.address("dispute", opened))
    return _shown(request, visit, subject, form, refused)


def _subject(visit: Visit, asked: QueryDict) -> Subject:
    """What the address names, of this customer only: a line, or charges. Raises Http404."""
    if line := asked.get("line"):
        return subject_of_line(one_line(visit, line))
    ids = list(dict.fromkeys(asked.getlist("charge")))[: MOST_CHOSEN + 1]
    if not ids:
        raise Http404
    theirs = Charge.objects.filter(period__customer=visit.customer)
    return subject_of_charges([visit.find(theirs, each).pk for each in ids])


def _shown(request: HttpRequest, visit: Visit, subject: Subject, form: OpenForm, refused: str) -> HttpResponse:
    choices = _choices(subject, str(form.data.get("reason", "")))
    first = Reason.objects.filter(is_active=True, customers_may_give_it=True).order_by("name").first()
    before = before_you_send(subject, first, at=now()) if first else None
    invoice = subject.invoice
    listed = list(subject.charges)[:MOST_LISTED]
    return page(
        request,
        visit,
        "open_dispute",
        f"Dispute {counted(len(subject.charges), 'charge')}" if subject.charges else "Dispute a line",
        here="disputes",
        subject=subject,
        form=form,
        refused=refused,
        choices=choices,
        rows=_rows(visit, subject, listed),
        not_listed=len(subject.charges) - len(listed),
        amounts=list(amounts_in_words(subject)),
        total=money.in_words(subject.total, visit.customer.currency),
        quota=_quota(before, subject),
        decide_by=day_in_words(before.decide_by) if before else "",
        invoice=invoice,
        invoice_address=visit.address("invoice", invoice) if invoice else "",
        kinds=KINDS_IN_WORDS,
        accept=",".join(KINDS),
        most_files=MOST_FILES,
        status=400 if refused or form.errors else 200,
    )


def _choices(subject: Subject, chosen: str) -> list[Choice]:
    today = subject.period.customer.today
    found = []
    for reason in Reason.objects.filter(is_active=True, customers_may_give_it=True).order_by("name"):
        last = window_of(subject.invoice, reason) if subject.invoice else None
        until = f"until {day_of_month(last)}" if last else ""
        is_over = last is not None and last < today
        asks = f"Send: {reason.evidence}" if reason.evidence else reason.explanation
        found.append(Choice(reason.pk, reason.name, asks, until, is_over, str(reason.pk) == chosen and not is_over))
    return found


def _rows(visit: Visit, subject: Subject, actions: list[int]) -> list[tuple[str, str, str, str]]:
    """When, whose, from where, and what it costs."""
    found = Action.objects.filter(pk__in=actions).select_related("lead__source").order_by("occurred_at", "pk")
    return [
        (
            instant(each.occurred_at, visit.customer),
            contact_of(visit, each.lead.email) or shown_id(visit, each.lead.external_id),
            each.lead.source.name,
            money.in_words(subject.charges[each.pk], visit.customer.currency),
        )
        for each in found
    ]


def _quota(before: BeforeYouSend | None, subject: Subject) -> dict[str, object]:
    """How much of the quota this takes; empty without one."""
    if before is None or before.quota.limit is None:
        return {}
    quota, limit = before.quota, before.quota.limit
    whole = Decimal(1)
    used = min(quota.used / limit, whole) if limit else whole
    more = min(subject.amount / limit, whole - used) if limit else money.ZERO
    return {
        "words": quota.in_words(subject.amount),
        "used": int(used * BAR),
        "more": int(more * BAR),
        "is_over": before.over_quota,
    }
