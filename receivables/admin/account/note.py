"""A note on the account of a customer: the button on its page."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.urls import reverse
from django.utils.timezone import now
from unfold.widgets import UnfoldAdminTextareaWidget

from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from leads.admin.customers import CustomerAdmin
from leads.models import Customer
from receivables.domain.account_notes.note import write_note as write

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


CustomerAdmin.extend_more(write_note)
