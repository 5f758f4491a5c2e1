"""Flags: reasons to review a draft before approving it, each with the amount that it is about."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Exists, OuterRef, QuerySet

from billing_engine.core import money
from billing_engine.core.errors import Refused
from billing_engine.core.fonts import named
from invoices.domain.life.compared import Comparison, compared
from invoices.domain.life.late_voids import LateVoids
from invoices.domain.lines.totals import credit_key
from invoices.models import Invoice, InvoiceLine
from leads.models import BillingPeriod
from pricing.models import PeriodTally

UNUSUAL = Decimal("0.5")  # of the average of the last invoices
BIG = Decimal("0.1")  # of what is charged
State, Kind = Invoice.State, InvoiceLine.Kind
FIRST, BUDGET, SAME, MINIMUM, ADJUSTED, NEW_RULE = "first", "budget", "replaces", "minimum", "adjusted", "new_rule"
INFORMATIONAL = (FIRST, BUDGET, SAME, MINIMUM, ADJUSTED, NEW_RULE)


class DraftIsFlagged(Refused):
    """A flagged draft must be reviewed and approved individually."""

    code = "draft_is_flagged"


@dataclass(frozen=True, slots=True)
class Flag:
    """A reason to review a draft: a code for programs, a message for people, and the amount that it is about."""

    code: str
    message: str
    amount: Decimal | None = None  # None: about the invoice as a whole

    @property
    def needs_review(self) -> bool:
        """Return whether the draft must be approved individually; some flags are only informational."""
        return self.code not in INFORMATIONAL


def flags_of(invoices: Iterable[Invoice]) -> dict[int, list[Flag]]:
    """Return the flags of each draft by invoice id, in a constant number of queries for any number of invoices."""
    drafts = [invoice for invoice in invoices if invoice.state in (State.DRAFT, State.APPROVED)]
    if not drafts:
        return {}
    with_it = compared(drafts)
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


def _since(draft: Invoice, with_it: Comparison) -> Iterable[Flag]:
    """Flag what changed after the draft was made."""
    late_voids = with_it.late_voids.get(draft.period_id, LateVoids())
    if late_voids.actions > draft.approved_over:
        yield Flag("actions_voided", f"{late_voids.in_words}: regenerate", -late_voids.amount)
    credit = with_it.credit.get(credit_key(draft))
    if credit and draft.total:
        yield Flag("credit", f"New credit of {money.in_words(credit, draft.currency)}: regenerate", -credit)


def _flags(draft: Invoice, with_it: Comparison) -> Iterable[Flag]:
    """Flag unusual amounts and differences from earlier invoices."""
    if not draft.total:
        yield Flag("zero", "Nothing is due")
    yield from _unlike_charges(draft, with_it)
    earlier, voided = with_it.earlier[draft.pk], with_it.voided.get(draft.period_id)
    if voided:
        yield _replacing(draft, voided)
    if earlier:
        yield from _unlike(draft, earlier, with_it)
    elif not voided:
        yield Flag(FIRST, "The customer's first invoice")


def _unlike_charges(draft: Invoice, with_it: Comparison) -> Iterable[Flag]:
    """Flag what makes the invoice differ from its charges: a hard budget, the minimum, adjustments."""
    if cut := with_it.cut_of(draft):
        yield Flag(BUDGET, f"The monthly budget cut {money.in_words(cut, draft.currency)}", -cut)
    if minimum := with_it.sum_of(draft, Kind.MINIMUM):
        yield Flag(MINIMUM, f"The monthly minimum adds {money.in_words(minimum, draft.currency)}", minimum)
    if adjusted := with_it.sum_of(draft, Kind.ADJUSTMENT):
        charged = with_it.sum_of(draft, Kind.CHARGES, Kind.MINIMUM)
        is_big = abs(adjusted) > charged * BIG
        words = f"Adjusted by {money.difference_in_words(adjusted, draft.currency)}"
        of = f", more than {BIG:.0%} of what is charged" if is_big else ""
        yield Flag("big_adjustment" if is_big else ADJUSTED, f"{words}{of}", adjusted)


def _replacing(draft: Invoice, voided: Invoice) -> Flag:
    """Return how the draft differs from the void invoice that it replaces."""
    replaces = f"Replaces {voided.number}, which is void"
    difference = draft.total - voided.total
    if not difference:
        return Flag(SAME, f"{replaces}: the same total")
    more = "more" if difference > 0 else "less"
    words = f"{replaces}: {money.in_words(abs(difference), draft.currency)} {more}"
    return Flag("replaces_other", words, difference)


def _unlike(draft: Invoice, earlier: Sequence[Invoice], with_it: Comparison) -> Iterable[Flag]:
    """Flag how the draft differs from the customer's last invoices."""
    mean = sum((one.total for one in earlier), money.ZERO) / len(earlier)
    if abs(draft.total - mean) > mean * UNUSUAL and draft.total:
        yield Flag(
            "unusual_total", _unusual(draft, mean, len(earlier)), money.rounded(draft.total - mean, draft.currency)
        )
    yield from _silent(draft, earlier[0], with_it)
    yield from _taxed_otherwise(draft, earlier[0], with_it)
    yield from _new(draft, earlier, with_it)


def _unusual(draft: Invoice, mean: Decimal, months: int) -> str:
    usual = money.in_words(mean, draft.currency)
    of = "the last invoice" if months == 1 else f"the mean of the last {months} invoices"
    if not mean:
        return f"{of.capitalize()} was zero"
    percent = money.rounded(abs(draft.total - mean) / mean * 100, "JPY")
    return f"{percent:,}% {'above' if draft.total > mean else 'below'} {of}, {usual}"


def _silent(draft: Invoice, last: Invoice, with_it: Comparison) -> Iterable[Flag]:
    """Flag a customer whose activity has ended."""
    before = with_it.sum_of(last, Kind.CHARGES)
    if before and not with_it.charged_on(draft):
        yield Flag("silent", f"No charges; {money.in_words(before, draft.currency)} on the last invoice", -before)


def _taxed_otherwise(draft: Invoice, last: Invoice, with_it: Comparison) -> Iterable[Flag]:
    """Flag a tax that came, went or has another rate; not one that no line is subject to."""
    now, before = with_it.taxes.get(draft.pk, {}), with_it.taxes.get(last.pk, {})
    other = any(now[name] != before[name] for name in now.keys() & before.keys())
    if draft.subtotal > 0 and last.subtotal > 0 and (other or bool(now) != bool(before)):
        words = f"Tax changed: {_rates(before)} on the last invoice, now {_rates(now)}"
        yield Flag("tax_changed", words, draft.tax - last.tax)


def _rates(taxes: Mapping[str, frozenset[Decimal]]) -> str:
    rates = [f"{name} {rate.normalize():f}%" for name in sorted(taxes) for rate in sorted(taxes[name])]
    return " and ".join(rates) or "none"


def _new(draft: Invoice, earlier: Sequence[Invoice], with_it: Comparison) -> Iterable[Flag]:
    """Flag what none of the last invoices charged: action types, and rules of the others."""
    before, now = with_it.charged_on(*earlier), with_it.charged_on(draft)
    types, rules = {line.action_type for line in before}, {line.rule for line in before}
    of_new_types = [line for line in now if line.action_type not in types]
    if names := sorted({with_it.action_types[line.action_type] for line in of_new_types if line.action_type}):
        words = f"Charged for the first time: {', '.join(names)}"
        yield Flag("new_action_types", words, sum((line.amount for line in of_new_types), money.ZERO))
    by_new_rules = [line for line in now if line.action_type in types and line.rule not in rules]
    if names := sorted({with_it.rules[line.rule] for line in by_new_rules if line.rule}):
        words = f"Priced by a new rule: {', '.join(names)}"
        yield Flag(NEW_RULE, words, sum((line.amount for line in by_new_rules), money.ZERO))
