"""Since when work waits, and what causes it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.auth.models import User
from django.db.models import Count, Min

from billing_engine.core.models import ApprovalRequest
from invoices.models import Invoice
from leads.models import BillingPeriod, QuarantinedItem
from pricing.models import DailyActivity, MonthlyActivity, PeriodTally, PriceRule, RatingAttempts
from pricing.models.activity import UNRATED

State = Invoice.State
PERIODS_NAMED = 50  # of more periods, what they lack is not looked up


@dataclass(frozen=True, slots=True)
class Cause:
    """Waiting quarantined items of one source and code; the message is that of the first."""

    source: int
    source_name: str
    code: str
    message: str
    items: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Unpriced:
    """The oldest day of unrated actions, and the action types and customers that they are of."""

    since: date
    kinds: tuple[tuple[str, str], ...]  # action type, customer


@dataclass(frozen=True, slots=True)
class OwnDraft:
    """A person's draft of a price rule, and with which words it came back."""

    rule: PriceRule
    words: str
    by: str


def quarantine_causes() -> list[Cause]:
    """Return the causes of all waiting items, the largest first; counted from one index."""
    waiting = QuarantinedItem.objects.for_person()
    rows = (
        waiting.values("source", "source__name", "code")
        .annotate(items=Count("pk"), since=Min("received_at"))
        .order_by("-items", "source__name", "code")
    )
    return [Cause(row["source"], row["source__name"], row["code"], "", row["items"], row["since"]) for row in rows]


def first_message(cause: Cause) -> str:
    """Return what is wrong with the first of its items."""
    items = QuarantinedItem.objects.for_person().filter(source=cause.source, code=cause.code)
    return str(items.order_by("pk").values_list("message", flat=True).first() or "")


def unpriced() -> Unpriced | None:
    """Return since when actions of open periods are unrated, and which, if few periods have any."""
    lacking = PeriodTally.objects.filter(unrated__gt=0, period__state=BillingPeriod.State.OPEN)
    periods = list(lacking.order_by("period__start_at", "pk").values_list("period", flat=True)[: PERIODS_NAMED + 1])
    days = DailyActivity.objects.filter(period__in=periods[:1], outcome=UNRATED)
    first = days.order_by("day").values_list("day", flat=True).first()
    if first is None:
        return None
    kinds: Iterator[tuple[str, str]] = iter(())
    if len(periods) <= PERIODS_NAMED:
        found = MonthlyActivity.objects.filter(period__in=periods, outcome=UNRATED)
        kinds = (
            found.values_list("action_type__name", "customer__name").distinct().order_by("action_type__name").iterator()
        )
    return Unpriced(first, tuple(kinds))


def own_drafts(by: User) -> list[OwnDraft]:
    """Return the person's drafts of price rules, the last one first, with the words of who sent one back."""
    rules = list(PriceRule.objects.filter(state=PriceRule.State.DRAFT, created_by=by).order_by("-pk"))
    subjects = {f"pricing.pricerule:{rule.pk}": rule.pk for rule in rules}
    requests = ApprovalRequest.objects.filter(subject__in=subjects).select_related("decided_by").order_by("pk")
    latest = {subjects[request.subject]: request for request in requests}
    back = ApprovalRequest.State.SENT_BACK
    return [
        OwnDraft(rule, request.words, str(request.decided_by or ""))
        if (request := latest.get(rule.pk)) and request.state == back
        else OwnDraft(rule, "", "")
        for rule in rules
        if rule.pk not in latest or latest[rule.pk].state != ApprovalRequest.State.WAITING
    ]


def oldest_invoices() -> dict[str, datetime]:
    """Return since when the oldest draft waits for approval, and the oldest approved invoice for its number."""
    found = Invoice.objects.filter(state__in=(State.DRAFT, State.APPROVED)).values_list("state")
    oldest = {
        state: (created, approved) for state, created, approved in found.annotate(Min("created_at"), Min("approved_at"))
    }
    return {
        state: at
        for state, (created, approved) in oldest.items()
        if (at := created if state == State.DRAFT else approved) is not None
    }


def oldest_given_up() -> datetime | None:
    """Return when the rating of a period was last tried that the workers gave up on."""
    found: datetime | None = RatingAttempts.objects.given_up().aggregate(at=Min("attempted_at"))["at"]
    return found
