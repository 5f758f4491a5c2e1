"""What a customer's page shows of receivables: its balance, the latest invoices and disputes, and the way to the account."""

from decimal import Decimal

from django.urls import reverse
from django.utils.timezone import now

from billing_engine.core.admin_kit.cells import list_of
from billing_engine.core.admin_kit.overview.listing import Listing
from billing_engine.core.admin_kit.overview.parts import Card, Figure, Line, card_on, figures_on
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.money import ZERO, in_words
from invoices.models import Invoice
from leads.models import Customer
from receivables.admin.account.listings import invoices_of
from receivables.admin.account.page import ITEMS, MAY_SEE, PAGE
from receivables.admin.asked import Asked
from receivables.domain.ledger.open_items import Basis, Scope
from receivables.models import Dispute
from receivables.queries.account import latest_disputes
from receivables.queries.ageing import OUTSTANDING, OVERDUE, Bucket, CurrencyTotal, Sums, ageing

INVOICES, DISPUTES = 5, 3
NONE = Sums((ZERO,) * len(Bucket), ZERO)


@figures_on("leads.customer", place=30, needs=MAY_SEE)
def balance(customer: Customer) -> list[Figure]:
    """Return what is open, overdue and unapplied in each currency, the customer's own first."""
    basis, scope = Basis(customer.day_of(now())), Scope([customer.pk])
    totals = ageing(basis, scope, most=0).totals or [CurrencyTotal(customer.currency, 0, NONE)]
    asked = Asked(basis, scope, {"as_of": str(basis.day), "basis": str(basis.question)})
    return [figure for each in totals for figure in _figures(each, customer, asked, is_one=len(totals) == 1)]


def _figures(total: CurrencyTotal, customer: Customer, asked: Asked, *, is_one: bool) -> list[Figure]:
    def figure(title: str, amount: Decimal, bucket: str, note: str) -> Figure:
        items = asked.link(reverse(ITEMS), currency=total.currency, customer=customer.pk, bucket=bucket)
        name = title if is_one else f"{title}, {total.currency}"
        return Figure(name, in_words(amount, total.currency), note, items if amount else "")

    sums = total.sums
    return [
        figure("Outstanding", sums.outstanding, OUTSTANDING, f"as of {day_in_words(asked.basis.day)}"),
        figure("Overdue", sums.overdue, OVERDUE, "of what is outstanding"),
        figure("Unapplied", sums.unapplied, Bucket.UNAPPLIED, "payments and credit"),
    ]


@card_on("leads.customer", place=20, needs=MAY_SEE, wide=True)
def invoices(customer: Customer) -> Card:
    """Return the latest invoices."""
    found = invoices_of(customer, INVOICES)
    return Card(
        title="Invoices",
        address=found.address,
        count=Invoice.objects.filter(customer=customer).count(),
        table=Listing("", found.columns, found.rows, "No invoices yet. A billing run creates them."),
    )


@card_on("leads.customer", place=50, needs=("receivables.view_dispute", "leads.view_customer"))
def disputes(customer: Customer) -> Card:
    """Return the latest disputes."""
    return Card(
        title="Disputes",
        address=list_of("receivables.dispute", customer__id__exact=customer.pk),
        count=Dispute.objects.filter(customer=customer).count(),
        lines=[
            Line(
                str(each),
                reverse("admin:receivables_dispute_change", args=[each.pk]),
                f"{each.get_state_display()} · {each.total_in_words} · {each.reason}",
            )
            for each in latest_disputes(customer, DISPUTES)
        ],
        empty="No disputes.",
    )


@card_on("leads.customer", place=70, needs=MAY_SEE)
def account(customer: Customer) -> Card:
    """Lead to the account, where payments, statements and notes are."""
    return Card(title="Account", address=reverse(PAGE, args=[customer.pk]))
