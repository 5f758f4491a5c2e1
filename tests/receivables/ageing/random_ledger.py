"""A random ledger, built day by day, with what the page showed at the end of each day."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from leads.models import Customer
from receivables.domain.ledger.allocations import Match, match, take_back
from receivables.domain.ledger.items import with_left
from receivables.models import Allocation, LedgerDocument, Posting
from tests.factories.leads import CustomerFactory
from tests.receivables.made import a_document

Kind = LedgerDocument.Kind
FIRST = date(2026, 10, 1)
NIGHT = datetime(2026, 10, 2, 2, 30, tzinfo=UTC)  # still the first in New York
DAYS = 8
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Event:
    """A document or a match; `back` is how many days before its recording it is dated."""

    day: int
    what: str  # a kind, "match" or "take_back"
    customer: int = 0
    amount: int = 1
    back: int = 0
    due: int | None = None
    choice: int = 0


EVENTS = st.lists(
    st.builds(
        Event,
        day=st.integers(0, DAYS - 1),
        what=st.sampled_from(
            [
                "refund",
                "refund",
                "return",
                "payment",
                "payment",
                "credit_note",
                "write_off",
                "match",
                "match",
                "take_back",
            ]
        ),
        customer=st.integers(0, 1),
        amount=st.integers(1, 50),
        back=st.integers(0, 3),
        due=st.none() | st.integers(-120, 40),
        choice=st.integers(0, 9),
    ),
    min_size=4,
    max_size=14,
)


@dataclass
class Built:
    """The customers, and by day what each item had left, and each receivable account, when the day ended."""

    customers: list[Customer]
    left: dict[date, dict[int, Decimal]] = field(default_factory=dict)


def build(events: Sequence[Event]) -> Built:
    """Do what the events say, in the order of their days; what is impossible is left out."""
    built = Built([CustomerFactory.create(time_zone="America/New_York") for _ in range(2)])
    for number in range(DAYS):
        at = NIGHT + DAY * number
        for event in events:
            if event.day == number:
                _happen(event, built.customers[event.customer], at)
        items = with_left(LedgerDocument.objects.filter(customer__in=built.customers))
        built.left[FIRST + DAY * number] = {item.pk: item.left for item in items if item.left}
    return built


def _happen(event: Event, customer: Customer, at: datetime) -> None:
    on = customer.day_of(at) - DAY * event.back
    if event.what == "match":
        _match(event, customer, on, at)
    elif event.what == "take_back":
        made = list(Allocation.objects.filter(credit__customer=customer, takes_back=None, taken_back_by=None))
        take_back(made[event.choice : event.choice + 1], on=on, at=at)
    else:
        due = None if event.due is None else on + DAY * event.due
        a_document(customer, Kind(event.what), event.amount, on=on, at=at, due=due)


def _match(event: Event, customer: Customer, on: date, at: datetime) -> None:
    found = list(with_left(LedgerDocument.objects.filter(customer=customer), open_only=True).order_by("pk"))
    credits_, debits = ([each for each in found if each.side == side] for side in ("credit", "debit"))
    if credits_ and debits:
        credit, debit = credits_[event.choice % len(credits_)], debits[event.choice % len(debits)]
        match([Match(credit, debit, min(credit.left, debit.left, Decimal(event.amount)))], on=on, at=at)


def dated_by_hand(customers: Sequence[Customer], day: date) -> dict[int, Decimal]:
    """What items have left as of a day, added up row by row."""
    left = dict[int, Decimal]()
    for item in LedgerDocument.objects.filter(customer__in=customers, posted_on__lte=day):
        used = [each.amount for each in _matches(item) if each.posted_on <= day]
        left[item.pk] = item.amount - sum(used, Decimal(0))
    return {pk: amount for pk, amount in left.items() if amount}


def posted_by_hand(customers: Sequence[Customer], day: date) -> Decimal:
    """The receivable account as of a day."""
    found = Posting.objects.filter(
        document__customer__in=customers, account=Posting.Account.RECEIVABLE, document__posted_on__lte=day
    )
    return sum((each.amount for each in found), Decimal(0))


def _matches(item: LedgerDocument) -> list[Allocation]:
    return [*item.allocations_made.all(), *item.allocations_received.all()]
