"""Flags: reasons to review a draft before approving it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Exists, OuterRef, QuerySet, Sum

from billing_engine.core import money
from billing_engine.core.errors import Refused
from billing_engine.core.fonts import named
from invoices.domain.document.electronic import why_not_expressible
from invoices.domain.document.unprintable import unprintable_on
from invoices.domain.life.late_voids import LateVoids, late_voids_in
from invoices.domain.lines.books import Balances
from invoices.domain.lines.totals import balances, credit_key
from invoices.models import Invoice, InvoiceLine
from leads.models import ActionType, BillingPeriod
from pricing.models import PeriodTally

MONTHS_BACK = 3
UNUSUAL = Decimal("0.5")  # of the average of the last invoices
State = Invoice.State
FIRST, BUDGET, SAME = "first", "budget", "replaces"
INFORMATIONAL = (FIRST, BUDGET, SAME)


class DraftIsFlagged(Refused):
    """A flagged draft must be reviewed and approved individually."""

    code = "draft_is_flagged"


@dataclass(frozen=True, slots=True)
class Flag:
    """A reason to review a draft: a code for programs, a message for people."""

    code: str
    message: str

    @property
    def needs_review(self) -> bool:
        """Return whether the draft must be approved individually; some flags are only informational."""
        return self.code not in INFORMATIONAL


@dataclass(frozen=True, slots=True)
class Comparison:
    """The data that drafts are compared with, loaded once for all of them."""

    earlier: Mapping[int, list[Invoice]]
    kinds: Mapping[int, set[int]]
    names: Mapping[int, str]
    voided: Mapping[int, Invoice]  # the last void one of a period
    late_voids: Mapping[int, LateVoids]  # by period
    credit: Balances
    cut: Mapping[int, Decimal]  # by hard budgets
    unprintable: Mapping[int, str]
    not_expressible: Mapping[int, str]


def flags_of(invoices: Iterable[Invoice]) -> dict[int, list[Flag]]:
    """Return the flags of each draft by invoice id, in nine queries for any number of invoices."""
    drafts = [invoice for invoice in invoices if invoice.state in (State.DRAFT, State.APPROVED)]
    if not drafts:
        return {}
    earlier, periods = _earlier(drafts), [draft.period_id for draft in drafts]
    voided = Invoice.objects.filter(period__in=periods, state=State.VOID).order_by("pk")
    with_it = Comparison(
        earlier=earlier,
        kinds=_kinds({one.pk for found in earlier.values() for one in found} | {draft.pk for draft in drafts}),
        names=dict(ActionType.objects.values_list("pk", "name")),
        voided={one.period_id: one for one in voided},
        late_voids=late_voids_in(periods),
        credit=balances({draft.customer_id for draft in drafts}),
        cut=_cut_by_budgets(drafts),
        unprintable=unprintable_on(drafts),
        not_expressible=why_not_expressible(drafts),
    )
    return {
        draft.pk: [
            *_not_printed(with_it.unprintable.get(draft.pk, "")),
            *_not_expressible(with_it.not_expressible.get(draft.pk, "")),
            *_since(draft, with_it),
            *_flags(draft, with_it),
        ]
        for draft in drafts
    }


def check_not_flagged(flags: Iterable[Flag]) -> None:
    """Refuse a draft that must be reviewed."""
    if reasons := [flag.message for flag in flags if flag.needs_review]:
        raise DraftIsFlagged(f"Review it first: {'; '.join(reasons)}.")


def without_invoice(periods: QuerySet[BillingPeriod]) -> QuerySet[BillingPeriod]:
    """Return the periods that have actions but no invoice, or only void ones."""
    invoiced = Invoice.objects.live().filter(period=OuterRef("pk"))
    received = PeriodTally.objects.filter(period=OuterRef("pk"), actions__gt=0)
    return periods.filter(Exists(received), ~Exists(invoiced))


def _not_printed(characters: str) -> Iterable[Flag]:
    if characters:
        yield Flag("unprintable", f"Cannot be printed: {named(characters)}")


def _not_expressible(why: str) -> Iterable[Flag]:
    if why:
        yield Flag("not_electronic", f"Can't be an electronic invoice: {why.removesuffix('.')}")


def _since(draft: Invoice, compared: Comparison) -> Iterable[Flag]:
    """Flag what changed after the draft was made."""
    late_voids = compared.late_voids.get(draft.period_id, LateVoids())
    if late_voids.actions > draft.approved_over:
        yield Flag("actions_voided", f"{late_voids.in_words}: regenerate")
    credit = compared.credit.get(credit_key(draft))
    if credit and draft.total:
        yield Flag("credit", f"New credit of {money.in_words(credit, draft.currency)}: regenerate")


def _flags(draft: Invoice, compared: Comparison) -> Iterable[Flag]:
    """Flag unusual amounts and differences from earlier invoices."""
    if not draft.total:
        yield Flag("zero", "Nothing is due")
    if cut := compared.cut.get(draft.pk):
        yield Flag(BUDGET, f"The monthly budget cut {money.in_words(cut, draft.currency)}")
    earlier, voided = compared.earlier[draft.pk], compared.voided.get(draft.period_id)
    if voided:
        yield _replacing(draft, voided)
    if earlier:
        yield from _unlike(draft, earlier, compared)
    elif not voided:
        yield Flag(FIRST, "The customer's first invoice")


def _replacing(draft: Invoice, voided: Invoice) -> Flag:
    """Return how the draft differs from the void invoice that it replaces."""
    replaces = f"Replaces {voided.number}, which is void"
    difference = draft.total - voided.total
    if not difference:
        return Flag(SAME, f"{replaces}: the same total")
    more = "more" if difference > 0 else "less"
    return Flag("replaces_other", f"{replaces}: {money.in_words(abs(difference), draft.currency)} {more}")


def _unlike(draft: Invoice, earlier: list[Invoice], compared: Comparison) -> Iterable[Flag]:
    """Flag how the draft differs from the customer's last invoices."""
    mean = sum((one.total for one in earlier), money.ZERO) / len(earlier)
    if abs(draft.total - mean) > mean * UNUSUAL and draft.total:
        yield Flag("unusual_total", _unusual(draft, mean, len(earlier)))
    known = set[int]().union(*(compared.kinds[one.pk] for one in earlier))
    if new := sorted(compared.names[kind] for kind in compared.kinds[draft.pk] - known):
        yield Flag("new_action_types", f"Charged for the first time: {', '.join(new)}")


def _unusual(draft: Invoice, mean: Decimal, months: int) -> str:
    usual = money.in_words(mean, draft.currency)
    of = "the last invoice" if months == 1 else f"the mean of the last {months} invoices"
    if not mean:
        return f"{of.capitalize()} was zero"
    percent = money.rounded(abs(draft.total - mean) / mean * 100, "JPY")
    return f"{percent:,}% {'above' if draft.total > mean else 'below'} {of}, {usual}"


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


def _kinds(invoices: set[int]) -> Mapping[int, set[int]]:
    """Return the action types that each invoice charges."""
    kinds = defaultdict(set)
    lines = InvoiceLine.objects.filter(invoice__in=invoices, kind=InvoiceLine.Kind.CHARGES)
    for invoice, kind in lines.values_list("invoice", "action_type").distinct():
        kinds[invoice].add(kind)
    return kinds


def _cut_by_budgets(drafts: list[Invoice]) -> Mapping[int, Decimal]:
    """Return the amount that hard budgets cut from each draft, if any."""
    cut = InvoiceLine.objects.filter(invoice__in=drafts, cut_by_budget__gt=0).values_list("invoice")
    return dict(cut.annotate(Sum("cut_by_budget")))
