"""One line of an invoice with its charges, and what of an invoice was not charged."""

from django.http import Http404, HttpRequest, HttpResponse

from billing_engine.core import money
from billing_engine.core.counts import count_in_words
from invoices.domain.lines.detail import DetailCharge
from invoices.domain.lines.one_line import page_of_line
from invoices.models import Invoice, InvoiceLine
from leads.models import Action
from portal.frame import Whole, page
from portal.gate import OwnRows, Visit
from portal.pages.invoices.charge_pages import charges_page
from portal.pages.invoices.charges import rows_of
from portal.pages.invoices.invoice import one_invoice
from portal.words import counted
from pricing.domain.audit.explain_to_buyer import price_to_buyer, span_of
from pricing.domain.rule_wording import limits_in_words
from pricing.models import Charge
from pricing.wording.buyer import plural
from pricing.wording.reasons import name_to_buyer, sentence_to_buyer
from reports.queries.completeness import of_period

MOST_NOT_CHARGED = 200


def one_line(visit: OwnRows, text: str) -> InvoiceLine:
    """Return the line of charges with this id, on one of the customer's invoices. Raises Http404."""
    lines = InvoiceLine.objects.filter(
        invoice__customer=visit.customer, invoice__number__isnull=False, kind=InvoiceLine.Kind.CHARGES
    )
    related = ("invoice__period__customer", "invoice__customer", "product", "action_type", "rule")
    return visit.find(lines.select_related(*related), text)


def line_page(request: HttpRequest, visit: Visit, line: str) -> HttpResponse:
    """Show the charges of one line, a page at a time."""
    found = one_line(visit, line)
    invoice, currency = found.invoice, found.invoice.currency
    shown = charges_page(
        found,
        after=_action(visit, found, request.GET.get("after", "")),
        before=_action(visit, found, request.GET.get("before", "")),
    )
    rows = rows_of(visit, shown.charges, shown.shares)
    product = found.product.name if found.product else ""
    unit = found.unit if found.quantity == 1 else plural(found.unit)
    kind = found.action_type.name.lower() if found.action_type else ""
    return page(
        request,
        visit,
        "line",
        f"{product}, {plural(kind)}",
        here="invoices",
        whole=Whole(invoice.period.in_words, of_period(invoice.period)),
        line=found,
        invoice=invoice,
        summary=f"{counted(found.actions, 'charge')}, {money.number_in_words(found.quantity)} {unit}",
        amount=money.in_words(found.amount, currency),
        price=_price(found),
        rows=rows,
        has_counts=any(row.counted_as for row in rows),
        total=counted(found.actions, "charge"),
        quantity=money.number_in_words(found.quantity),
        rounding=money.difference_in_words(found.amount - found.exact_amount, currency),
        later=visit.address("line", found, after=rows[-1].id) if shown.has_later else "",
        earlier=visit.address("line", found, before=rows[0].id) if shown.has_earlier else "",
        zone=f"{shown.charges[0].occurred_at.astimezone(visit.customer.zone):%Z}" if rows else "",
        back=visit.address("invoice", invoice),
        list=visit.address("invoices"),
        dispute=visit.address("open_dispute"),
        dispute_line=visit.address("open_dispute", line=visit.id_of(found)),
        is_masked=not visit.portal.shows_contacts,
    )


def _price(line: InvoiceLine) -> str:
    """The price that the line's charges have in common, with its limits."""
    if line.rule is None:
        return ""
    span = span_of(line.invoice.customer)
    unit = line.unit or "action"
    return ", ".join([price_to_buyer(line.rule, unit=unit, span=span), *limits_in_words(line.rule)])


def _action(visit: Visit, line: InvoiceLine, text: str) -> Action | None:
    """The action after or before which the page is. Raises Http404."""
    if not text:
        return None
    charge = visit.find(Charge.objects.filter(period=line.invoice.period_id).select_related("action"), text)
    return charge.action


def not_charged_page(request: HttpRequest, visit: Visit, invoice: str) -> HttpResponse:
    """Show what of an invoice cost nothing: each reason, and the actions of one."""
    found = one_invoice(visit, invoice).invoice
    counts = of_period(found.period)
    chosen = request.GET.get("reason", "") or next(iter(counts.reasons), "")
    if chosen and chosen not in Charge.Reason.values:
        raise Http404
    charges = _not_charged(found, chosen) if chosen in counts.reasons else []
    return page(
        request,
        visit,
        "not_charged",
        f"Not charged in {found.period.in_words}",
        here="invoices",
        whole=Whole(found.period.in_words, counts),
        invoice=found,
        counts=counts,
        amount=money.in_words(counts.amount, found.currency),
        bar=_bar(counts.received, counts.charged, counts.included, counts.not_charged),
        reasons=[
            (
                name_to_buyer(code),
                sentence_to_buyer(code),
                count_in_words(count),
                visit.address("not_charged", found, reason=code),
                code == chosen,
            )
            for code, count in counts.reasons.items()
        ],
        chosen=name_to_buyer(chosen) if charges else "",
        shown=counted(counts.reasons.get(chosen, 0), "action"),
        rows=rows_of(visit, charges, {}),
        is_cut=counts.reasons.get(chosen, 0) > len(charges),
        csv=visit.address("invoice_detail", found, "csv"),
        back=visit.address("invoice", found),
        list=visit.address("invoices"),
    )


def _not_charged(invoice: Invoice, reason: str) -> list[DetailCharge]:
    lines = invoice.lines.filter(kind=InvoiceLine.Kind.NOT_CHARGED, reason=reason).order_by("position")
    found = list[DetailCharge]()
    for line in lines.select_related("action_type"):
        line.invoice = invoice
        found += page_of_line(line, limit=MOST_NOT_CHARGED - len(found)) if len(found) < MOST_NOT_CHARGED else []
    return sorted(found, key=lambda each: (each.occurred_at, each.action))


def _bar(received: int, *parts: int) -> list[tuple[int, int]]:
    """Where each part begins and how wide it is, of a thousand."""
    found, begin = [], 0
    for each in parts:
        width = each * 1_000 // max(received, 1)
        found.append((begin, width))
        begin += width
    return found
