"""Buttons of a customer: send a statement now, and send one each month."""

from typing import Any
from uuid import uuid4

from django import forms
from django.http import HttpRequest
from django.urls import reverse
from django.utils.timezone import now
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from billing_engine.core.admin_kit.cells import address_of
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from billing_engine.core.admin_kit.fields import day_field
from billing_engine.core.calendar.edges import today_somewhere
from billing_engine.core.calendar.wording import day_in_words
from leads.admin.customers import CustomerAdmin
from leads.models import Customer
from receivables.admin.asked import company_names
from receivables.domain.statements.monthly import set_monthly
from receivables.domain.statements.requesting import check_has_account, next_days, send_statement
from receivables.domain.statements.statement import accounts_of
from receivables.models import StatementSchedule

ADD = "receivables.add_statementmail"
SCHEDULE = "receivables.change_statementschedule"
MONTHLY, OFF = "monthly", "off"
ACCOUNT = "admin:receivables_account"


class StatementMailForm(forms.Form):
    """Which account, which days, and to whom."""

    account = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    to = forms.CharField(
        label="Send to",
        help_text="Separate addresses with commas or line breaks.",
        widget=UnfoldAdminTextareaWidget({"rows": 2}),
    )
    # Created with the dialog, so that pressing its button twice sends one email.
    request = forms.UUIDField(widget=forms.HiddenInput())

    def __init__(self, *, data: Any = None, initial: dict[str, Any] | None = None) -> None:
        first = dict(initial or {})
        accounts = first.pop("accounts", [])
        super().__init__(data=data, initial=first)
        self.fields["account"].choices = accounts  # type: ignore[attr-defined]  # a ChoiceField
        if len(accounts) == 1:
            self.fields["account"].widget = forms.HiddenInput()
        latest = today_somewhere(now())
        self.fields["first"] = day_field("First day", latest=latest)
        self.fields["last"] = day_field("Last day", latest=latest)
        self.order_fields(["account", "first", "last", "to", "request"])


class MonthlyForm(forms.Form):
    """Whether a customer gets one each month."""

    monthly = forms.ChoiceField(
        label="Statements of account",
        choices=[(MONTHLY, "Each month, once it is over"), (OFF, "Off")],
        widget=UnfoldAdminSelectWidget,
    )


def first_statement(customer: Customer) -> dict[str, Any]:
    """Return what the dialog starts with: the days since the last statement, to the billing contacts."""
    at, names = now(), company_names()
    accounts = accounts_of(customer) or [(customer.currency, 0)]
    several = len({company for _, company in accounts}) > 1
    words = [(f"{code}-{of}", f"{code}, {names[str(of)]}" if several else code) for code, of in accounts]
    first, last = next_days(customer, accounts[0], at=at)
    contacts = customer.terms.on(customer.day_of(at)).billing_contacts
    return {
        "accounts": words,
        "account": words[0][0],
        "first": first,
        "last": last,
        "to": ", ".join(contacts),
        "request": uuid4(),
    }


def is_monthly(customer: Customer) -> bool:
    """Return whether the customer gets statements each month."""
    return StatementSchedule.objects.filter(customer=customer, is_monthly=True).exists()


@button(
    "Email statement",
    permission=ADD,
    icon="forward_to_inbox",
    guard=lambda customer, _: check_has_account(customer),
    asks=Dialog(
        title=lambda customer: f"Email a statement of account to {customer}",
        says="The next one opens with its closing balance. The PDF is stored. It goes out even if nothing moved.",
        submit="Send",
        form=StatementMailForm,
        first=first_statement,
    ),
)
def email_statement(_: Any, request: HttpRequest, customer: Customer, answers: dict[str, Any]) -> Done:
    currency, _, company = answers["account"].rpartition("-")
    mail = send_statement(
        customer,
        account=(currency, int(company)),
        first=answers["first"],
        last=answers["last"],
        to=answers["to"].replace("\n", ",").split(","),
        by=person(request),
        at=now(),
        request=answers["request"],
    )
    return Done("Requested. A worker makes the PDF and sends it.", address_of(mail))


@button(
    "Monthly statements",
    permission=SCHEDULE,
    icon="event_repeat",
    asks=Dialog(
        title=lambda customer: f"Statements of {customer} by email",
        says="One for each currency and company, to the billing contacts, once the month is over in the customer’s time zone. A"
        " month in which nothing moved and after which nothing is open is left out.",
        submit="Save",
        form=MonthlyForm,
        first=lambda customer: {"monthly": MONTHLY if is_monthly(customer) else OFF},
    ),
)
def monthly_statements(_: Any, request: HttpRequest, customer: Customer, answers: dict[str, Any]) -> Done:
    row = set_monthly(customer, is_monthly=answers["monthly"] == MONTHLY, by=person(request), at=now())
    back = reverse(ACCOUNT, args=[customer.pk])
    if row.next_at is None:
        return Done("Monthly statements are off.", back)
    return Done(f"Saved. The next one is due on {day_in_words(customer.day_of(row.next_at))}.", back)


CustomerAdmin.extend_more(email_statement, monthly_statements)
