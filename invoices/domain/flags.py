"""What a person should look at before approving a draft."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Exists, OuterRef, QuerySet

from billing_engine.core import money
from invoices.domain.document.fonts import named
from invoices.domain.printable import unprintable_on
from invoices.models import Invoice, InvoiceLine
from leads.models import ActionType, BillingPeriod
from pricing.models import PeriodTally

MONTHS_BACK = 3
FAR = Decimal("0.5")  # of what the last invoices came to on average
State = Invoice.State
FIRST = "first"


@dataclass(frozen=True, slots=True)
class Flag:
    """A reason to look closer: a code for programs, words for people."""

    code: str
    words: str

    @property
    def stops(self) -> bool:
        """Whether a person looks at the draft by itself; a first invoice is only worth knowing."""
        return self.code != FIRST


def flags_of(invoices: Iterable[Invoice]) -> dict[int, list[Flag]]:
    """The flags of each invoice, by its id; in seven queries however many invoices. What is issued has none any more."""
    drafts = [invoice for invoice in invoices if invoice.state in (State.DRAFT, State.APPROVED)]
    if not drafts:
        return {}
    earlier, unprintable = _earlier(drafts), unprintable_on(drafts)
    kinds = _kinds({one.pk for found in earlier.values() for one in found} | {draft.pk for draft in drafts})
    names = dict(ActionType.objects.values_list("pk", "name"))
    return {
        draft.pk: [
            *_not_printed(unprintable.get(draft.pk, "")),
            *_flags(draft, earlier[draft.pk], kinds, names),
        ]
        for draft in drafts
    }


def without_invoice(periods: QuerySet[BillingPeriod]) -> QuerySet[BillingPeriod]:
    """Those of the periods with actions in them and no invoice that is not void: not billed, or billed to nobody."""
    invoiced = Invoice.objects.live().filter(period=OuterRef("pk"))
    received = PeriodTally.objects.filter(period=OuterRef("pk"), actions__gt=0)
    return periods.filter(Exists(received), ~Exists(invoiced))


def _not_printed(characters: str) -> Iterable[Flag]:
    if characters:
        yield Flag("unprintable", f"Cannot be printed: {named(characters)}")


def _flags(
    draft: Invoice, earlier: list[Invoice], kinds: Mapping[int, set[int]], names: Mapping[int, str]
) -> Iterable[Flag]:
    if not draft.total:
        yield Flag("zero", "Asks for nothing")
    if not earlier:
        yield Flag(FIRST, "The customer's first invoice: nothing to compare with")
        return
    mean = sum((one.total for one in earlier), money.ZERO) / len(earlier)
    if abs(draft.total - mean) > mean * FAR and draft.total:
        yield Flag("far", _far(draft, mean, len(earlier)))
    known = set[int]().union(*(kinds[one.pk] for one in earlier))
    if new := sorted(names[kind] for kind in kinds[draft.pk] - known):
        yield Flag("new_kinds", f"Charged for the first time: {', '.join(new)}")


def _far(draft: Invoice, mean: Decimal, months: int) -> str:
    usual = money.in_words(mean, draft.currency)
    of = "the last invoice" if months == 1 else f"the mean of the last {months} invoices"
    if not mean:
        return f"{of.capitalize()} asked for nothing"
    percent = money.rounded(abs(draft.total - mean) / mean * 100, "JPY")
    return f"{percent:,}% {'above' if draft.total > mean else 'below'} {of}, {usual}"


def _earlier(drafts: list[Invoice]) -> dict[int, list[Invoice]]:
    """Each draft's last invoices before it, of the same customer and currency."""
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


def _kinds(invoices: set[int]) -> Mapping[int, set[int]]:
    """The action types each invoice charges."""
    kinds = defaultdict(set)
    lines = InvoiceLine.objects.filter(invoice__in=invoices, kind=InvoiceLine.Kind.CHARGES)
    for invoice, kind in lines.values_list("invoice", "action_type").distinct():
        kinds[invoice].add(kind)
    return kinds
