"""A customer's account: what is open, unbilled and unapplied, the latest invoices, disputes, payments, emails, and notes."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import now

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import address_of, instant, list_of, page_of
from billing_engine.core.admin_kit.menu import page_at
from billing_engine.core.admin_kit.overview.listing import Cell, Listing
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.money import in_words
from invoices.queries.not_issued import not_issued_of
from leads.models import Customer
from pricing.queries.unbilled_now import unbilled_now
from receivables.admin.account.listings import disputes_of, invoices_of
from receivables.admin.account.note import WRITE
from receivables.admin.ageing.items import listing_of
from receivables.admin.asked import Asked
from receivables.admin.statements.by_email import is_monthly
from receivables.domain.disputes.disputed import to_pay
from receivables.domain.ledger.open_items import Basis, Narrowed, Scope, open_items
from receivables.queries.account import latest_mails, latest_payments, notes_on
from receivables.queries.ageing import BALANCE, OUTSTANDING, OVERDUE, Bucket, CurrencyTotal, ageing
from receivables.queries.at_a_glance import disputed_in

MAY_SEE = ("receivables.view_ledgerdocument", "leads.view_customer", "invoices.view_invoice")
PAGE, ITEMS = "admin:receivables_account", "admin:receivables_open_items"
OPEN_SHOWN = 12


@needs(*MAY_SEE)
def account_page(request: HttpRequest, customer: int) -> HttpResponse:
    """Show the account as of the customer's today."""
    found = get_object_or_404(Customer, pk=customer)
    basis = Basis(found.day_of(now()))
    scope = Scope([found.pk])
    items = list(open_items(basis, scope, Narrowed(most=OPEN_SHOWN + 1)))
    asked = Asked(basis, scope, {"as_of": str(basis.day), "basis": str(basis.question)})
    page: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Account",
        "customer": found,
        "customer_address": address_of(found),
        "day": day_in_words(basis.day),
        "currencies": [
            (total.currency, _cards(total, found, asked)) for total in ageing(basis, scope, most=0).totals
        ],
        "unbilled": _unbilled(found),
        "items": listing_of(
            "What is open",
            items[:OPEN_SHOWN],
            basis.day,
            address=asked.link(reverse(ITEMS), currency=found.currency, customer=found.pk, bucket=BALANCE)
            if len(items) > OPEN_SHOWN
            else "",
        ),
        "statement": f"{reverse('admin:receivables_statement')}?customer={found.pk}",
        "ledger": list_of("receivables.ledgerdocument", customer__id__exact=found.pk),
        "invoices": invoices_of(found),
        "disputes": disputes_of(found) if request.user.has_perm("receivables.view_dispute") else None,
        "payments": _payments(found),
        "mails": [
            (page_of("invoices.invoicemail", each.pk), each.subject, ", ".join(each.to), each.get_state_display(),
             instant(each.requested_at, found.zone))
            for each in latest_mails(found)
        ],
        "notes": [(each.text, each.written_by, instant(each.written_at, found.zone)) for each in notes_on(found)],
        "write_note": reverse("admin:leads_customer_write_note", args=[found.pk]) if request.user.has_perm(WRITE) else "",
        "record_payment": f"{reverse('admin:receivables_payment_record')}?customer={found.pk}"
        if request.user.has_perm("receivables.add_payment")
        else "",
        "activity": f"{reverse('admin:reports_explorer')}?customer={found.code}",
    }  # fmt: skip
    return TemplateResponse(request, "receivables/account.html", page | _statements(found, request))


def _statements(customer: Customer, request: HttpRequest) -> dict[str, Any]:
    """What the page says of statements by email, and the buttons for who may send them."""

    def dialog(name: str, permission: str) -> str:
        may = request.user.has_perm(f"receivables.{permission}")
        return reverse(f"admin:leads_customer_{name}", args=[customer.pk]) if may else ""

    return {
        "statements": list_of("receivables.statementmail", customer__id__exact=customer.pk),
        "is_monthly": is_monthly(customer),
        "email_statement": dialog("email_statement", "add_statementmail"),
        "monthly_statements": dialog("monthly_statements", "change_statementschedule"),
    }


def _cards(total: CurrencyTotal, customer: Customer, asked: Asked) -> list[tuple[str, str, str, str]]:
    sums, currency = total.sums, total.currency
    disputed = disputed_in(currency, customers=[customer.pk])

    def items(bucket: str) -> str:
        return asked.link(reverse(ITEMS), currency=currency, customer=customer.pk, bucket=bucket)

    return [
        ("Open", in_words(sums.outstanding, currency), items(OUTSTANDING), "what documents have left"),
        ("Overdue", in_words(sums.overdue, currency), items(OVERDUE), ""),
        ("Unapplied", in_words(-sums.unapplied, currency), items(Bucket.UNAPPLIED), "payments and credit not matched"),
        ("To pay", in_words(to_pay(sums.outstanding, disputed), currency), "", "open without what is disputed"),
        (
            "Disputed",
            in_words(disputed, currency),
            list_of("receivables.dispute", customer__id__exact=customer.pk) if disputed else "",
            "undecided",
        ),
        ("Balance", in_words(sums.balance, currency), items(BALANCE), "open and unapplied"),
    ]


def _unbilled(customer: Customer) -> list[tuple[str, str, str, str]]:
    amount, drafts = in_words(unbilled_now(customer).amount, customer.currency), not_issued_of(customer)
    periods = list_of("leads.billingperiod", customer__id__exact=customer.pk, state__exact="open")
    invoices = list_of("invoices.invoice", customer__id__exact=customer.pk, state__in="draft,approved")
    total = in_words(drafts.total, customer.currency)
    return [
        ("Unbilled now", amount, periods, "charges of open periods"),
        ("Not issued yet", total, invoices if drafts.drafts or drafts.approved else "", drafts.in_words),
    ]


def _payments(customer: Customer) -> Listing:
    rows = [
        [
            Cell(each.reference, address_of(each)),
            Cell(day_in_words(each.posted_on)),
            Cell(in_words(each.amount, each.currency)),
            Cell(in_words(each.left, each.currency)),
        ]
        for each in latest_payments(customer)
    ]
    return Listing("Last payments", ("Payment", "Posted", ">Amount", ">Unapplied"), rows, "No payments yet.")


page_at("receivables/account/<int:customer>/", account_page, name="receivables_account")
