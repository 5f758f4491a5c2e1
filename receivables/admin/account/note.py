"""What the customer's page gets from receivables: what is open, the way to the account, and notes."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.widgets import UnfoldAdminTextareaWidget

from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from billing_engine.core.money import in_words
from leads.admin.customers import CustomerAdmin
from leads.models import Customer
from receivables.domain.account_notes.note import write_note as write
from receivables.domain.ledger.open_items import Basis, Scope
from receivables.queries.ageing import ageing

WRITE = "receivables.add_accountnote"


class NoteForm(forms.Form):
    """The words of a note."""

    text = forms.CharField(
        label="Note", max_length=2_000, widget=UnfoldAdminTextareaWidget({"rows": 5, "autofocus": True})
    )


@button(
    "Write note",
    permission=WRITE,
    icon="sticky_note_2",
    asks=Dialog(
        title=lambda customer: f"Write a note on the account of {customer}",
        says="Your colleagues see it with your name. It can't be changed later, and the customer never sees it.",
        form=NoteForm,
    ),
)
def write_note(_: Any, request: HttpRequest, customer: Customer, answers: dict[str, Any]) -> Done:
    write(customer, text=answers["text"], by=person(request), at=now())
    return Done("Note written.", reverse("admin:receivables_account", args=[customer.pk]))


def account_fact(customer: Customer) -> SafeString:
    """What is open and overdue by currency, with links to the account and the statement."""
    totals = ageing(Basis(customer.day_of(now())), Scope([customer.pk]), most=0).totals
    said = [
        f"{in_words(each.sums.outstanding, each.currency)} open, {in_words(each.sums.overdue, each.currency)} overdue,"
        f" {in_words(each.sums.unapplied, each.currency)} unapplied"
        for each in totals
    ]
    return format_html(
        '{}<br><a class="text-link" href="{}">Account</a> · <a class="text-link" href="{}?customer={}">Statement</a>',
        "; ".join(said) or "Nothing is open.",
        reverse("admin:receivables_account", args=[customer.pk]),
        reverse("admin:receivables_statement"),
        customer.pk,
    )


CustomerAdmin.extend_buttons(write_note, before="change_payment")
CustomerAdmin.extend_section(
    "Receivables",
    {"account": column(account_fact, lambda customer: customer, title="account")},
    after="Billing",
    needs="receivables.view_ledgerdocument",
)
