"""Charges as the customer sees them: when, whose, from where, how counted, and what they cost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing_engine.core import money
from invoices.domain.lines.detail import DetailCharge
from leads.domain.access.contacts import masked
from leads.models import Lead
from portal.gate import OwnRows, Visit
from portal.words import instant
from pricing.domain.rate.inputs import micro, price_facts
from pricing.models import Charge
from pricing.wording.buyer import places
from receivables.models import DisputedCharge

Pks = Iterable[int]


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """One charge of a list."""

    id: str
    when: str
    lead: str
    contact: str
    action: str
    product: str
    source: str
    quantity: str
    counted_as: str
    notes: tuple[str, ...]
    amount: str
    why: str
    may_be_disputed: bool


def contact_of(visit: OwnRows, email: str) -> str:
    """The address of a lead, masked unless the customer's portal shows it."""
    return email if visit.portal.shows_contacts else masked(email)


def shown_id(visit: OwnRows, external_id: str) -> str:
    """The source's own id of a lead or an action; some sources use an email address for it."""
    return contact_of(visit, external_id) if "@" in external_id else external_id


def rows_of(visit: Visit, charges: Sequence[DetailCharge], shares: Mapping[int, Decimal]) -> list[ChargeRow]:
    """Return the rows of these charges, those of a line each with its share of it."""
    pks = [each.action for each in charges]
    emails = dict(Lead.objects.filter(pk__in={each.lead for each in charges}).values_list("pk", "email"))
    stored = Charge.objects.select_related("rule").in_bulk(pks)
    disputed = _disputed(pks)
    return [
        _row(visit, each, shares.get(each.action), emails.get(each.lead, ""), stored[each.action], disputed)
        for each in charges
    ]


def _row(
    visit: Visit, each: DetailCharge, share: Decimal | None, email: str, charge: Charge, disputed: dict[int, str]
) -> ChargeRow:
    currency = visit.customer.currency
    amount = each.exact_amount if share is None else share
    notes = [f"in {disputed[each.action]}"] if each.action in disputed else []
    if each.cuts:
        notes.append("charged in part")
    return ChargeRow(
        id=visit.id_of_number(Charge, each.action),
        when=instant(each.occurred_at, visit.customer),
        lead=shown_id(visit, each.lead_id),
        contact=contact_of(visit, email),
        action=each.type_name,
        product=each.product,
        source=each.source_name,
        quantity=money.number_in_words(each.quantity),
        counted_as=_counted_as(charge, each.quantity),
        notes=tuple(notes),
        amount=money.in_words(amount, currency) if share is not None else money.price_in_words(amount, currency),
        why=visit.address("why", visit.id_of_number(Charge, each.action)),
        may_be_disputed=amount > 0 and each.action not in disputed,
    )


def _counted_as(charge: Charge, quantity: Decimal) -> str:
    """Which units of the month these were, if the price depends on it."""
    if charge.rule is None or charge.reason:
        return ""
    price = price_facts(charge.rule)
    return "" if price.stands_alone or price.needs_total else places(micro(charge.quantity_before), micro(quantity))


def _disputed(actions: Pks) -> dict[int, str]:
    """The dispute of each of these charges that is in one."""
    found = DisputedCharge.objects.filter(action__in=actions).exclude(dispute__state="withdrawn")
    return {each.action_id: str(each.dispute) for each in found.select_related("dispute__customer")}
