"""What drafts are compared with, loaded once for all of them: the customers' earlier invoices, their lines and taxes."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

from billing_engine.core.money import ZERO
from invoices.domain.document.electronic import why_not_expressible
from invoices.domain.document.unprintable import unprintable_on
from invoices.domain.life.late_voids import LateVoids, late_voids_in
from invoices.domain.lines.books import Balances
from invoices.domain.lines.totals import balances
from invoices.models import Invoice, InvoiceLine, InvoiceTax
from leads.models import ActionType
from pricing.models import PriceRule

MONTHS_BACK = 3
Kind = InvoiceLine.Kind


@dataclass(frozen=True, slots=True)
class LineSum:
    """The lines of an invoice of one kind, action type and rule."""

    kind: str
    action_type: int | None
    rule: int | None
    amount: Decimal
    cut_by_budget: Decimal


@dataclass(frozen=True, slots=True)
class Comparison:
    """The data that drafts are compared with."""

    earlier: Mapping[int, Sequence[Invoice]]
    lines: Mapping[int, Sequence[LineSum]]
    taxes: Mapping[int, Mapping[str, frozenset[Decimal]]]  # the rates by name
    action_types: Mapping[int, str]
    rules: Mapping[int, str]
    voided: Mapping[int, Invoice]  # the last void one of a period
    late_voids: Mapping[int, LateVoids]  # by period
    credit: Balances
    unprintable: Mapping[int, str]
    not_expressible: Mapping[int, str]

    def sum_of(self, invoice: Invoice, *kinds: InvoiceLine.Kind) -> Decimal:
        """Return what the invoice's lines of these kinds come to."""
        return sum((line.amount for line in self.lines.get(invoice.pk, ()) if line.kind in kinds), ZERO)

    def charged_on(self, *invoices: Invoice) -> list[LineSum]:
        """Return the lines with charges of these invoices."""
        return [line for one in invoices for line in self.lines.get(one.pk, ()) if line.kind == Kind.CHARGES]

    def cut_of(self, invoice: Invoice) -> Decimal:
        """Return what hard budgets cut from the invoice."""
        return sum((line.cut_by_budget for line in self.lines.get(invoice.pk, ())), ZERO)


def compared(drafts: list[Invoice]) -> Comparison:
    """Load what these drafts are compared with, in a constant number of queries."""
    earlier, periods = _earlier(drafts), [draft.period_id for draft in drafts]
    voided = Invoice.objects.filter(period__in=periods, state=Invoice.State.VOID).order_by("pk")
    invoices = {one.pk for found in earlier.values() for one in found} | {draft.pk for draft in drafts}
    lines = _lines(invoices)
    return Comparison(
        earlier=earlier,
        lines=lines,
        taxes=_taxes({found[0].pk for found in earlier.values() if found} | {draft.pk for draft in drafts}),
        action_types=dict(ActionType.objects.values_list("pk", "name")),
        rules=_names_of_rules({line.rule for each in lines.values() for line in each if line.rule}),
        voided={one.period_id: one for one in voided},
        late_voids=late_voids_in(periods),
        credit=balances({draft.customer_id for draft in drafts}),
        unprintable=unprintable_on(drafts),
        not_expressible=why_not_expressible(drafts),
    )


def _earlier(drafts: list[Invoice]) -> dict[int, list[Invoice]]:
    """Return each draft's previous invoices for the same customer and currency, latest first."""
    customers = {draft.customer_id for draft in drafts}
    latest = max(draft.period.start_at for draft in drafts)
    found = defaultdict(list)
    for one in (
        Invoice.objects.live()
        .filter(customer__in=customers, period__start_at__lt=latest)
        .select_related("period")
        .order_by("-period__start_at")
    ):
        found[one.customer_id, one.currency].append(one)
    return {
        draft.pk: [
            one
            for one in found[draft.customer_id, draft.currency]
            if one.period.start_at < draft.period.start_at and one.pk != draft.pk
        ][:MONTHS_BACK]
        for draft in drafts
    }


def _lines(invoices: Collection[int]) -> Mapping[int, list[LineSum]]:
    sums = InvoiceLine.objects.filter(invoice__in=invoices).exclude(kind=Kind.NOT_CHARGED, cut_by_budget=0)
    rows = sums.values_list("invoice", "kind", "action_type", "rule").annotate(Sum("amount"), Sum("cut_by_budget"))
    found = defaultdict[int, list[LineSum]](list)
    for invoice, *parts in rows.order_by("invoice", "kind", "action_type", "rule"):
        found[invoice].append(LineSum(*parts))
    return found


def _taxes(invoices: Collection[int]) -> Mapping[int, dict[str, frozenset[Decimal]]]:
    """The rates by name; those of a credit line are copied from another invoice, and no sign of a change."""
    found = defaultdict[int, dict[str, frozenset[Decimal]]](dict)
    rows = InvoiceTax.objects.filter(invoice__in=invoices, line=None).values_list("invoice", "name", "rate")
    for invoice, name, rate in rows:
        found[invoice][name] = found[invoice].get(name, frozenset()) | {rate}
    return found


def _names_of_rules(rules: Collection[int]) -> Mapping[int, str]:
    return dict(PriceRule.objects.filter(pk__in=rules).values_list("pk", "name"))
