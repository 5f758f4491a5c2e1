"""The buttons of an issued invoice that draft a credit note: over its lines, or over single charges; first as a dry run."""

import json
from hashlib import sha256
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminTextareaWidget,
)

from billing_engine.core import money
from billing_engine.core.admin_kit.cells import address_of
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, dialog_page, person
from invoices.admin.invoice.invoice_admin import InvoiceAdmin
from invoices.models import Invoice
from receivables.admin.credit_notes.why_form import WhyForm
from receivables.domain.credit_notes.charges import charges_named
from receivables.domain.credit_notes.drafting import (
    Proposal,
    draft_for_charges,
    draft_for_lines,
    propose_charges,
    propose_lines,
)
from receivables.domain.credit_notes.left import what_is_left

CREDIT = "receivables.add_creditnote"
TEMPLATE = "receivables/credit_dialog.html"


class LinesForm(WhyForm):
    """An amount for each line that has something left."""

    def __init__(self, *args: Any, initial: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for pk, label, left in initial["lines"]:
            self.fields[f"line_{pk}"] = forms.DecimalField(
                label=label, help_text=left, required=False, decimal_places=money.MOST_PLACES, max_digits=20,
                widget=UnfoldAdminDecimalFieldWidget,
            )  # fmt: skip
        self.order_fields([*(f"line_{pk}" for pk, *_ in initial["lines"]), "reason", "sentence"])


class ChargesForm(WhyForm):
    """The ids of the actions whose charges are credited."""

    actions = forms.CharField(
        label="Action IDs",
        help_text="As the source sent them. Separate them with commas or line breaks.",
        widget=UnfoldAdminTextareaWidget({"rows": 4, "autofocus": True}),
    )
    field_order = ("actions", "reason", "sentence")


def lines_left(invoice: Invoice) -> dict[str, Any]:
    """Return the lines that have something left, for the dialog."""
    left = what_is_left(invoice)
    lines = [
        (line.pk, f"Line {line.position}: {line.description}", f"{money.in_words(amount, invoice.currency)} left")
        for line, amount in left.whole.items()
    ]
    return {"lines": lines}


def can_be_credited(invoice: Invoice) -> bool:
    """Return whether the invoice is issued and has something left."""
    return invoice.state == Invoice.State.ISSUED and what_is_left(invoice).total > 0


@button(
    "Credit",
    permission=CREDIT,
    icon="undo",
    offered=can_be_credited,
    asks=Dialog(
        title=lambda invoice: f"Credit lines of {invoice}",
        says="Enter amounts before tax. The dry run shows tax and total before anything is stored.",
        form=LinesForm,
        first=lines_left,
        submit="Dry run",
        template=TEMPLATE,
    ),
)
def credit(self: Any, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done | HttpResponse:
    left = what_is_left(invoice)
    asked = {pk: answers.get(f"line_{pk}") for pk in left.lines}
    amounts = {left.lines[pk]: amount for pk, amount in asked.items() if amount}
    proposal = propose_lines(invoice, amounts)
    if answers["seen"] != fingerprint(proposal):
        return _dry_run(
            self, request, invoice, LinesForm(_seen(request, proposal), initial=lines_left(invoice)), proposal
        )
    note = draft_for_lines(invoice, amounts, reason=answers["reason"], sentence=answers["sentence"], by=person(request))
    return Done("Credit note drafted.", address=address_of(note))


@button(
    "Credit charges",
    permission=CREDIT,
    icon="undo",
    offered=can_be_credited,
    asks=Dialog(
        title=lambda invoice: f"Credit single charges of {invoice}",
        says="Each charge is credited with what is left of its share of the line.",
        form=ChargesForm,
        submit="Dry run",
        template=TEMPLATE,
    ),
)
def credit_charges(self: Any, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done | HttpResponse:
    charges = charges_named(invoice, answers["actions"])
    proposal = propose_charges(invoice, [charge.pk for charge in charges])
    if answers["seen"] != fingerprint(proposal):
        return _dry_run(self, request, invoice, ChargesForm(_seen(request, proposal)), proposal)
    note = draft_for_charges(
        invoice, charges, reason=answers["reason"], sentence=answers["sentence"], by=person(request)
    )
    return Done("Credit note drafted.", address=address_of(note))


def _dry_run(self: Any, request: HttpRequest, invoice: Invoice, form: forms.Form, proposal: Proposal) -> HttpResponse:
    sums, currency = proposal.sums, invoice.currency
    rows = [
        (f"Line {line.position}: {line.description}", money.in_words(amount, currency))
        for line, amount in sums.lines.items()
    ]
    shown = {
        "form": form,
        "asks": {"title": f"Credit {money.in_words(sums.total, currency)} of {invoice}?", "says": ""},
        "presses": "Draft credit note",
        "rows": rows,
        "totals": totals_of(proposal),
    }
    return dialog_page(self, request, invoice, shown, template=TEMPLATE)


def totals_of(proposal: Proposal) -> list[tuple[str, str]]:
    """Return the sums of a dry run in words: before tax, each tax, the total, and what is left after it."""
    sums, currency = proposal.sums, proposal.left.invoice.currency
    totals = [
        ("Before tax", sums.subtotal),
        *((f"{each.tax} of {money.in_words(each.base, currency)}", each.amount) for each in sums.taxes),
        ("Total credited", sums.total),
        ("Left to credit after it", proposal.left.total - sums.total),
    ]
    return [(words, money.in_words(amount, currency)) for words, amount in totals]


def _seen(request: HttpRequest, proposal: Proposal) -> dict[str, Any]:
    """Return the answers again, with what the dry run shows."""
    return {**request.POST.dict(), "seen": fingerprint(proposal)}


def fingerprint(proposal: Proposal) -> str:
    """Identify what a dry run shows, so that only what was seen is drafted."""
    sums = proposal.sums
    lines = [(line.pk, f"{amount.normalize():f}") for line, amount in sums.lines.items()]
    return sha256(json.dumps([lines, f"{sums.total.normalize():f}"]).encode()).hexdigest()


InvoiceAdmin.extend_buttons(credit, credit_charges, before="void")
