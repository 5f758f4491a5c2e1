"""A draft's totals: its lines, the taxes on them, and the customer's credit balance."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet

from billing_engine.core import money
from invoices.domain.lines.allocation import DoesNotAddUp
from invoices.domain.lines.books import CreditKey, books
from invoices.models import Invoice, InvoiceLine, InvoiceTax
from leads.models import BillingPeriod, Customer, Product, ProductRevision, Tax
from leads.models.revision import fact_on

Draft = tuple[Invoice, Sequence[InvoiceLine]]
NOT_ISSUED = (Invoice.State.DRAFT, Invoice.State.APPROVED)


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


def _categories(drafts: Sequence[Draft]) -> dict[tuple[date, int | None], str]:
    """The category of each product on the first day of its draft's period; only of drafts with taxes on categories."""
    wanted = defaultdict[date, set[int]](set)
    for invoice, lines in drafts:
        if any(tax.category for tax in _taxes_of(invoice)):
            wanted[invoice.period.first_day] |= {line.product_id for line in lines if line.product_id}
    return {
        (day, product): category
        for day, ids in wanted.items()
        for product, category in Product.objects.filter(pk__in=ids).values_list(
            "pk", fact_on(ProductRevision, "category", day)
        )
    }


def taxed_lines(invoice: Invoice, lines: Sequence[InvoiceLine]) -> list[tuple[InvoiceTax, set[int]]]:
    """Return the taxes of an issued invoice, each with the ids of the lines that it was applied to."""
    found, named = [], {line.product_id for line in lines if line.product_id}
    category = fact_on(ProductRevision, "category", invoice.period.first_day)
    category_of = dict(Product.objects.filter(pk__in=named).values_list("pk", category))
    for tax in invoice.taxes.order_by("position"):
        of = {part["category"] for part in tax.categories}
        taxed = [line for line in lines if is_taxed(line, tax, of, category_of.get(line.product_id, ""))]
        if sum((line.amount for line in taxed), money.ZERO) != tax.base:
            raise DoesNotAddUp(f"The lines that {tax} of {invoice} was applied to do not add up to {tax.base}.")
        found.append((tax, {line.pk for line in taxed}))
    return found


def is_taxed(line: InvoiceLine, tax: InvoiceTax, categories: Collection[str], category: str | None) -> bool:
    """Return whether a tax, on all lines or on those in its categories, is on this line; a credit has its own copies."""
    if tax.line_id or line.kind == InvoiceLine.Kind.CREDIT:
        return tax.line_id == line.pk
    return not categories or category in categories


def _taxes_of(invoice: Invoice) -> list[Tax]:
    terms = invoice.period.customer_terms
    return [] if terms.tax_exempt_reason else terms.tax_rates


def taxes_of(period: BillingPeriod, lines: Sequence[InvoiceLine]) -> list[InvoiceTax]:
    """Return the unsaved taxes on some amounts of a period, by its terms, without storing anything."""
    invoice = Invoice(period=period, currency=period.customer.currency)
    categories = _categories([(invoice, lines)])
    category_of = {line.product_id: categories.get((period.first_day, line.product_id), "") for line in lines}
    return taxes_on(lines, taxes=_taxes_of(invoice), category_of=category_of, currency=invoice.currency)


def total_up(drafts: Sequence[Draft]) -> list[list[InvoiceTax]]:
    """Set the sums of each draft from its lines and return its taxes, without storing anything."""
    categories = _categories(drafts)
    again = [invoice.pk for invoice, _ in drafts if invoice.pk]
    credit = _locked_balances({invoice.customer_id for invoice, _ in drafts}, without=again)
    found = []
    for invoice, lines in drafts:
        day, available = invoice.period.first_day, credit.get(credit_key(invoice), money.ZERO)
        category_of = {line.product_id: categories.get((day, line.product_id), "") for line in lines}
        ordinary = [line for line in lines if line.kind != InvoiceLine.Kind.CREDIT]
        taxes = taxes_on(ordinary, taxes=_taxes_of(invoice), category_of=category_of, currency=invoice.currency)
        taxes += _copied(lines, after=len(taxes))
        invoice.tax_exempt_reason = invoice.period.customer_terms.tax_exempt_reason
        invoice.subtotal = sum((line.amount for line in lines), money.ZERO)
        invoice.tax = sum((tax.amount for tax in taxes), money.ZERO)
        invoice.credit = credit_for(invoice.subtotal + invoice.tax, balance=available)
        invoice.total = invoice.subtotal + invoice.tax + invoice.credit
        found.append(taxes)
    return found


def _copied(lines: Sequence[InvoiceLine], *, after: int) -> list[InvoiceTax]:
    """Return the taxes of the credits among the lines, as the invoices that they correct had them."""
    copies = [(line, each) for line in lines for each in line.copied_taxes]
    return [
        InvoiceTax(
            line=line,
            position=position,
            name=each["name"],
            rate=Decimal(each["rate"]),
            base=Decimal(each["base"]),
            amount=Decimal(each["amount"]),
        )
        for position, (line, each) in enumerate(copies, start=after + 1)
    ]


def credit_for(due: Decimal, *, balance: Decimal) -> Decimal:
    """Return the credit used (negative) or carried forward (positive), so that the total is never negative."""
    return -due if due < 0 else -min(due, balance)


def credit_key(invoice: Invoice) -> CreditKey:
    """Whose credit an invoice can use: that of its customer, in its currency, with the company that sends it."""
    return invoice.customer_id, invoice.currency, invoice.period.customer_terms.seller_id


def balance(customer: Customer, currency: str, seller: int | None = None) -> Decimal:
    """Return the customer's available credit: drafts' credit does not count yet, credit that drafts use is already deducted.

    The customer is locked, so that two drafts never spend the same credit.
    """
    return _locked_balances([customer.pk]).get((customer.pk, currency, seller), money.ZERO)


def with_credit(customers: Collection[int]) -> QuerySet[Customer]:
    """Return those of the customers that have a credit balance, or had one."""
    return books().with_credit(customers)


def lock_credit(customers: Collection[int]) -> list[int]:
    """Lock those of the customers that have credit, or had some, so that it is not spent twice; return their ids."""
    # Deliveries only need the rows to exist, and pass. In order, so that two transactions never deadlock.
    found = with_credit(customers).order_by("pk").select_for_update(no_key=True)
    return list(found.values_list("pk", flat=True))


def _locked_balances(customers: Collection[int], *, without: Collection[int] = ()) -> dict[CreditKey, Decimal]:
    locked = lock_credit(customers)
    return balances(locked, without=without) if locked else {}


def balances(customers: Collection[int], *, without: Collection[int] = ()) -> dict[CreditKey, Decimal]:
    """Return the credit of many customers that no draft plans to use, if any; drafts in `without` don't count."""
    planning = Invoice.objects.filter(customer__in=customers, state__in=NOT_ISSUED, credit__lt=0).exclude(
        pk__in=without
    )
    found = dict(books().credit(customers))
    for draft in planning.select_related("period__customer").prefetch_related("period__customer__terms"):
        found[credit_key(draft)] = found.get(credit_key(draft), money.ZERO) + draft.credit
    return {key: left for key, left in found.items() if left > 0}
