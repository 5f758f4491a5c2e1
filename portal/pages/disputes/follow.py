"""Disputes: the list, and one to follow: now first, then the steps in both sides' words."""

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.timezone import now

from billing_engine.core import money
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.errors import Refused
from billing_engine.core.tables.download import file_response
from leads.models import MemberRole
from portal.frame import Whole, page
from portal.gate import Visit
from portal.pages.disputes.opening import speaker_of
from portal.pages.invoices.charges import contact_of
from portal.words import counted, full_instant, instant, short_day, signed
from pricing.models import Charge
from receivables.domain.disputes.conversation import answer, ask_for_second_look, withdraw
from receivables.domain.disputes.evidence import KINDS, KINDS_IN_WORDS, MOST_FILES, Evidence
from receivables.models import CreditNote, Dispute, DisputedCharge, DisputeFile, DisputeStep
from reports.queries.completeness import of_period

State, Kind = Dispute.State, DisputeStep.Kind
RELATED = ("customer", "reason", "invoice", "period__customer", "line")
MOST_LISTED = 50
WORDS = {
    State.OPEN: ("We are deciding", "state-open"),
    State.SECOND_LOOK: ("We are deciding", "state-open"),
    State.WAITING: ("Waiting for you", "state-warn"),
    State.ACCEPTED: ("Accepted", "state-paid"),
    State.ACCEPTED_IN_PART: ("Accepted in part", "state-paid"),
    State.REJECTED: ("Not accepted", ""),
    State.WITHDRAWN: ("Withdrawn by you", ""),
}
STEPS = {
    Kind.OPENED: "You opened the dispute",
    Kind.ASKED: "We asked for more",
    Kind.ANSWERED: "You answered",
    Kind.ACCEPTED: "Accepted",
    Kind.ACCEPTED_IN_PART: "Accepted in part",
    Kind.REJECTED: "Not accepted",
    Kind.WITHDRAWN: "You withdrew it",
    Kind.SECOND_LOOK: "You asked for a second look",
}
OURS = {Kind.OPENED: "We opened the dispute for you", Kind.ANSWERED: "We added", Kind.WITHDRAWN: "We withdrew it"}


@dataclass(frozen=True, slots=True)
class Row:
    """A dispute of the list."""

    number: str
    address: str
    reason: str
    about: str
    opened: str
    state: str
    kind: str
    note: str
    amount: str


class AnswerForm(forms.Form):
    """Words for a step; files come beside it."""

    words = forms.CharField(required=False, max_length=2_000)


def disputes_page(request: HttpRequest, visit: Visit) -> HttpResponse:
    """List the customer's disputes, the latest first."""
    found = Dispute.objects.filter(customer=visit.customer).select_related(*RELATED).order_by("-opened_at", "-pk")
    return page(
        request,
        visit,
        "disputes",
        "Disputes",
        here="disputes",
        rows=[_row(visit, each) for each in found],
        invoices=visit.address("invoices"),
    )


def _row(visit: Visit, dispute: Dispute) -> Row:
    words, kind = WORDS[State(dispute.state)]
    return Row(
        number=str(dispute),
        address=visit.address("dispute", dispute),
        reason=str(dispute.reason),
        about=f"invoice for {dispute.period.in_words}" if dispute.invoice else dispute.period.in_words,
        opened=short_day(visit.customer.day_of(dispute.opened_at)),
        state=words,
        kind=kind,
        note=f"by {short_day(dispute.decide_by)}" if dispute.is_undecided else "",
        amount=dispute.total_in_words,
    )


def dispute_page(request: HttpRequest, visit: Visit, dispute: str) -> HttpResponse:
    """Follow one dispute; a POST answers, withdraws it, or asks for a second look."""
    found = visit.find(Dispute.objects.filter(customer=visit.customer).select_related(*RELATED), dispute)
    refused = ""
    if request.method == "POST" and visit.may(MemberRole.BILLING):
        try:
            messages.success(request, _act(request, visit, found))
            return HttpResponseRedirect(visit.address("dispute", found))
        except Refused as refusal:
            refused = str(refusal)
            found.refresh_from_db()
    words, kind = WORDS[State(found.state)]
    charges = found.charges.select_related("action__lead", "action__action_type").order_by(
        "action__occurred_at", "action"
    )
    listed = list(charges[:MOST_LISTED])
    count = found.charges.count()
    currency = found.currency
    return page(
        request,
        visit,
        "dispute",
        f"{counted(count, 'charge') if count else 'A line'}, {found.reason.name[:1].lower()}{found.reason.name[1:]}",
        here="disputes",
        whole=Whole(found.period.in_words, of_period(found.period)),
        dispute=found,
        state=words,
        kind=kind,
        now=_now(found),
        refused=refused,
        steps=_steps(visit, found),
        charges=_charges(visit, listed, currency),
        more=counted(count - len(listed), "more charge") if count > len(listed) else "",
        tax=money.in_words(found.tax, currency) if found.tax else "",
        total=found.total_in_words,
        notes=_notes(visit, found),
        invoice_address=visit.address("invoice", found.invoice) if found.invoice else "",
        list=visit.address("disputes"),
        kinds=KINDS_IN_WORDS,
        accept=",".join(KINDS),
        may_answer=found.is_undecided and visit.may(MemberRole.BILLING),
        may_ask_again=found.state == State.REJECTED and found.second_look_at is None and visit.may(MemberRole.BILLING),
        status=409 if refused else 200,
    )


def _charges(visit: Visit, listed: list[DisputedCharge], currency: str) -> list[tuple[str, str, str, str, str]]:
    """When, whose, how much, why, and what was decided."""
    decided = {True: "accepted", False: "not accepted", None: ""}
    return [
        (
            instant(each.action.occurred_at, visit.customer),
            contact_of(visit, each.action.lead.email),
            money.in_words(each.amount, currency),
            visit.address("why", visit.id_of_number(Charge, each.action_id)),
            decided[each.is_accepted],
        )
        for each in listed
    ]


def _act(request: HttpRequest, visit: Visit, dispute: Dispute) -> str:
    """Take the step that the button names, and say what was done. Raises Refused."""
    form = AnswerForm(request.POST)
    words = form.cleaned_data["words"] if form.is_valid() else ""
    by, at, act = speaker_of(visit), now(), request.POST.get("act", "")
    if act == "withdraw":
        withdraw(dispute, words=words, by=by, at=at)
        return f"{dispute} is withdrawn. Its charges are due on their day."
    if act == "second_look":
        ask_for_second_look(dispute, words=words, by=by, at=at)
        return "Another person decides it now."
    files = [Evidence(file.name or "", file.read()) for file in request.FILES.getlist("files")[: MOST_FILES + 1]]
    answer(dispute, words=words, by=by, at=at, files=files)
    return "Added to the dispute."


def _now(dispute: Dispute) -> tuple[str, str]:
    """Where it stands, in one sentence, and what that means for you."""
    by = day_in_words(dispute.decide_by)
    total = dispute.total_in_words
    match State(dispute.state):
        case State.WAITING:
            return "We asked you for more. The clock waits for your answer.", "Add words or a file below."
        case State.OPEN | State.SECOND_LOOK:
            return (
                f"We have all we need. We decide by {by}.",
                f"You don't need to do anything. {total} is set aside and not reminded.",
            )
        case State.ACCEPTED:
            return "Accepted. What was charged comes back as a credit note.", ""
        case State.ACCEPTED_IN_PART:
            return "Accepted in part: each charge says its own decision.", "The rest is due again."
        case State.REJECTED:
            return (
                "Not accepted. The reason stands below.",
                "The charges are due again, 14 days after the decision or on the invoice's due day.",
            )
        case _:
            return "You withdrew it. The charges are due on their day.", ""


def _steps(visit: Visit, dispute: Dispute) -> list[dict[str, object]]:
    found = DisputeStep.objects.filter(dispute=dispute).prefetch_related("files").order_by("at", "pk")
    return [
        {
            "name": OURS.get(Kind(each.kind), STEPS[Kind(each.kind)]) if not each.contact else STEPS[Kind(each.kind)],
            "at": full_instant(each.at, visit.customer),
            "by": each.contact,
            "words": each.words,
            "files": [
                (file.name, f"{max(1, file.size // 1_000)} kB", visit.address("dispute_file", file))
                for file in each.files.all()
            ],
        }
        for each in found
    ]


def _notes(visit: Visit, dispute: Dispute) -> list[tuple[str, str, str]]:
    """The credit notes that its charges came back with."""
    if dispute.invoice is None:
        return []
    actions = dispute.charges.filter(is_accepted=True).values("action")
    found = CreditNote.objects.issued().filter(invoice=dispute.invoice, lines__charges__action__in=actions).distinct()
    return [
        (note.number or "", signed(-note.total, note.currency), visit.address("credit_note_pdf", note))
        for note in found.order_by("pk")
    ]


def dispute_file(_: HttpRequest, visit: Visit, file: str) -> HttpResponse:
    """Send a file as it was kept, always as a download."""
    files = DisputeFile.objects.filter(step__dispute__customer=visit.customer)
    found = visit.find(files, file)
    return file_response(bytes(found.content), name=found.name, content_type="application/octet-stream")
