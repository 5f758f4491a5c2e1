"""Why one charge costs what it costs, or nothing: one sentence, one ladder, one sum."""

from django.http import HttpRequest, HttpResponse

from billing_engine.core import money
from invoices.domain.lines.detail import line_of
from invoices.domain.lines.shares import shares_of
from invoices.models import InvoiceLine
from leads.models import ActionTypeRevision
from leads.models.revision import in_force_on
from portal.frame import Whole, page
from portal.gate import Visit
from portal.pages.invoices.charges import contact_of, shown_id
from portal.pages.invoices.invoice import windows_of
from portal.words import full_instant, instant
from pricing.domain.audit.explain_to_buyer import explain_to_buyer
from pricing.models import Charge
from receivables.models import Dispute, DisputedCharge
from reports.queries.completeness import of_period

RELATED = (
    "period__customer",
    "action__lead__product",
    "action__lead__source",
    "action__action_type",
    "action__delivery",
    "rule",
)


def why_page(request: HttpRequest, visit: Visit, charge: str) -> HttpResponse:
    """Explain one charge of the customer."""
    found = visit.find(Charge.objects.filter(period__customer=visit.customer).select_related(*RELATED), charge)
    action, lead, currency = found.action, found.action.lead, visit.customer.currency
    kind = ActionTypeRevision.objects.filter(action_type=action.action_type, in_force_at__isnull=False)
    unit = in_force_on(kind, found.period.first_day).unit
    told = explain_to_buyer(found, unit=unit)
    line = line_of(found)
    is_billed = line is not None and line.invoice.number is not None
    amount = (
        _share(found, line) if line and is_billed and not found.reason else money.price_in_words(found.amount, currency)
    )
    title = "Why not charged" if found.reason else f"Why {amount}"
    if found.cuts:
        title += f" and not {money.price_in_words(found.full_amount, currency)}"
    dispute = _dispute_of(found)
    at = full_instant(action.occurred_at, visit.customer)
    return page(
        request,
        visit,
        "why",
        title,
        here="invoices" if is_billed else "activity",
        whole=Whole(found.period.in_words, of_period(found.period)),
        charge=found,
        about=f"{action.action_type.name}, {money.number_in_words(action.quantity)} {unit}, {lead.product.name}, {at}",
        told=told,
        amount=amount,
        is_counted_in=found.period.in_words,
        facts=_facts(visit, found, unit),
        paid_by=visit.address("why", visit.id_of_number(Charge, told.paid_by)) if told.paid_by else "",
        prices=visit.address("prices", day=visit.customer.day_of(action.occurred_at)),
        invoice=line.invoice if line and is_billed else None,
        invoice_address=visit.address("invoice", line.invoice) if line and is_billed else "",
        line_address=visit.address("line", line)
        if line and is_billed and line.kind == InvoiceLine.Kind.CHARGES
        else "",
        line_name=f"{lead.product.name}, {action.action_type.name.lower()}",
        when=instant(action.occurred_at, visit.customer),
        list=visit.address("invoices"),
        windows=windows_of(line.invoice) if line and is_billed else [],
        dispute=str(dispute) if dispute else "",
        dispute_address=visit.address("dispute", dispute) if dispute else "",
        open_dispute=visit.address("open_dispute", charge=visit.id_of(found))
        if found.amount > 0 and not dispute
        else "",
    )


def _dispute_of(charge: Charge) -> Dispute | None:
    """The dispute that the charge is in, or was, unless it was withdrawn."""
    found = DisputedCharge.objects.filter(action=charge.pk).exclude(dispute__state=Dispute.State.WITHDRAWN)
    first = found.select_related("dispute__customer").first()
    return first.dispute if first else None


def _share(charge: Charge, line: InvoiceLine) -> str:
    """What the charge is on its line, to the cent."""
    for shares in shares_of(line.invoice, [charge.pk]).values():
        return money.in_words(shares[charge.pk], line.invoice.currency)
    return money.price_in_words(charge.amount, line.invoice.currency)


def _facts(visit: Visit, charge: Charge, unit: str) -> list[tuple[str, str]]:
    action, lead = charge.action, charge.action.lead
    facts = [
        ("Action", f"{action.action_type.name}, {money.number_in_words(action.quantity)} {unit}"),
        ("Product", f"{lead.product.name}, {lead.product.sku}"),
        ("Person", contact_of(visit, lead.email)),
        ("Lead", shown_id(visit, lead.external_id)),
        ("Source", lead.source.name),
        ("Happened", full_instant(action.occurred_at, visit.customer)),
        ("Reached us", full_instant(action.delivery.received_at, visit.customer) if action.delivery else ""),
    ]
    return [(name, words) for name, words in facts if words]
