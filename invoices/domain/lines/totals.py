"""A draft's totals: its lines, the taxes on them, and the customer's credit balance."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Q, Sum

from billing_engine.core import money
from invoices.models import CreditEntry, Invoice, InvoiceLine, InvoiceTax
from leads.models import Customer, Product, ProductRevision, Tax
from leads.models.revision import fact_on

Kind = CreditEntry.Kind
CERTAIN = Q(amount__lt=0) | ~Q(invoice__state__in=[Invoice.State.DRAFT, Invoice.State.APPROVED])


def tax_on(base: Decimal, *, rate: Decimal, currency: str) -> Decimal:
    """Return `rate` percent of the lines' sum, rounded once."""
    return money.rounded(base * rate / 100, currency)


def taxes_on(
    lines: Sequence[InvoiceLine],
    *,
    taxes: Sequence[Tax],
    category_of: Mapping[int | None, str],
    currency: str,
) -> list[InvoiceTax]:
    """Return the unsaved taxes, one per name and rate, on the sum of all lines or of the lines in their categories.

    `category_of` are the categories of the lines' products. A line is taxed once, even if several of a tax's categories
    apply to it.
    """
    found = []
    for (name, rate), categories in _by_name_and_rate(taxes).items():
        is_everywhere = "" in categories
        bases = {} if is_everywhere else _bases(lines, categories, category_of)
        taxed = [line.amount for line in lines if is_everywhere or category_of.get(line.product_id) in bases]
        if not is_everywhere and not any(bases.values()):
            continue  # nothing of its categories was charged
        base = sum(taxed, money.ZERO)
        parts = [{"category": category, "base": str(amount)} for category, amount in bases.items() if amount]
        amount = tax_on(base, rate=rate, currency=currency)
        found.append(InvoiceTax(name=name, rate=rate, categories=parts, base=base, amount=amount))
    for position, one in enumerate(found, start=1):
        one.position = position
    return found


def _by_name_and_rate(taxes: Sequence[Tax]) -> dict[tuple[str, Decimal], list[str]]:
    """Group the categories by tax name and rate; taxes on every line come first."""
    found = defaultdict[tuple[str, Decimal], list[str]](list)
    for tax in sorted(taxes, key=lambda tax: (tax.category != "", tax.category, tax.name)):
        found[tax.name, tax.rate].append(tax.category)
    return found


def _bases(
    lines: Sequence[InvoiceLine], categories: Sequence[str], category_of: Mapping[int | None, str]
) -> dict[str, Decimal]:
    """Sum the lines of each category."""
    return {
        category: sum((line.amount for line in lines if category_of.get(line.product_id) == category), money.ZERO)
        for category in categories
    }


def _categories(lines: Iterable[InvoiceLine], day: date) -> dict[int | None, str]:
    """The category of each product on a day."""
    products = Product.objects.filter(pk__in={line.product_id for line in lines if line.product_id})
    return dict(products.values_list("pk", fact_on(ProductRevision, "category", day)))


def total_up(invoice: Invoice, lines: Sequence[InvoiceLine]) -> list[InvoiceTax]:
    """Set the sums of a draft from its lines and return its taxes, without storing anything."""
    terms = invoice.period.customer_terms
    exempt = terms.tax_exempt_reason
    first_day = invoice.period.start_at.astimezone(invoice.customer.zone).date()
    theirs = [] if exempt else terms.tax_rates
    category_of = _categories(lines, first_day) if any(tax.category for tax in theirs) else {}
    taxes = taxes_on(lines, taxes=theirs, category_of=category_of, currency=invoice.currency)
    invoice.tax_exempt_reason = exempt
    invoice.subtotal = sum((line.amount for line in lines), money.ZERO)
    invoice.tax = sum((tax.amount for tax in taxes), money.ZERO)
    invoice.credit = credit_for(invoice.subtotal + invoice.tax, balance=balance(invoice.customer, invoice.currency))
    invoice.total = invoice.subtotal + invoice.tax + invoice.credit
    return taxes


def credit_for(due: Decimal, *, balance: Decimal) -> Decimal:
    """Return the credit used (negative) or carried forward (positive), so that the total is never negative."""
    return -due if due < 0 else -min(due, balance)


def balance(customer: Customer, currency: str) -> Decimal:
    """Return the customer's available credit: drafts' credit does not count yet, credit that drafts use is already deducted."""
    entries = CreditEntry.objects.filter(customer=customer, currency=currency)
    if not entries.exists():
        return money.ZERO
    # So that two drafts never spend the same credit; deliveries only need the row to exist, and pass.
    Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    return max(money.ZERO, entries.filter(CERTAIN).aggregate(sum=Sum("amount"))["sum"] or money.ZERO)


def balances(customers: Iterable[int]) -> dict[tuple[int, str], Decimal]:
    """Return the available credit of many customers by currency, if any, without locking it."""
    entries = CreditEntry.objects.filter(CERTAIN, customer__in=customers).values_list("customer", "currency")
    return {(customer, currency): sum_ for customer, currency, sum_ in entries.annotate(Sum("amount")) if sum_ > 0}


def move_credit(invoice: Invoice, *, at: datetime) -> None:
    """Record the credit that a draft uses or carries forward."""
    if invoice.credit:
        CreditEntry.objects.create(
            customer=invoice.customer,
            invoice=invoice,
            kind=Kind.CARRIED if invoice.credit > 0 else Kind.USED,
            currency=invoice.currency,
            amount=invoice.credit,
            created_at=at,
        )
