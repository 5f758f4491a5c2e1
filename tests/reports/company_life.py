"""Some months of a company, drawn from a seed: what sources send, and what finance does with it, day by day."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.contrib.auth.models import User

from billing_engine.core.calendar.wall_clock import read
from billing_engine.core.errors import Refused
from invoices.domain.life.adjustments import adjust
from invoices.domain.life.close import close
from invoices.domain.life.reopen import regenerate, reopen
from invoices.domain.life.reopen import void as void_invoice
from invoices.domain.life.transitions import approve, issue
from invoices.models import Invoice
from leads.domain.periods import mark_unrated, open_periods
from leads.domain.voiding import void as void_action
from leads.models import Action, ActionType, BillingPeriod, Customer, Lead, Source, Tax
from pricing.domain.rate.rate import rate_waiting
from pricing.domain.waive import waive
from pricing.models import Charge, PriceRule, PriceTier
from tests.factories.leads import (
    ActionTypeFactory,
    CustomerFactory,
    DeliveryFactory,
    LeadFactory,
    ProductFactory,
    SourceFactory,
)
from tests.factories.people import UserFactory

# Work is done at half past six in the morning (UTC), which is the same date in all of these zones.
ZONES = ("UTC", "America/New_York", "Asia/Tokyo", "Pacific/Auckland", "Europe/Berlin", "Asia/Kolkata")
WORKING = time(6, 30, tzinfo=UTC)
CURRENCIES = ("USD", "JPY", "KWD")
CYCLES = ("monthly", "weekly", "fortnightly")
BEGIN = date(2026, 9, 1)
DAY = timedelta(days=1)


@dataclass(slots=True)
class CompanyLife:
    """A company whose customers, prices and days come from a seed; `steady` prices depend on no other action."""

    seed: int
    customers: int = 4
    steady: bool = False
    day: date = BEGIN
    done: Counter[str] = field(default_factory=Counter)
    draw: Random = field(init=False)
    owners: list[Customer] = field(init=False)
    sources: list[Source] = field(init=False)
    kinds: list[ActionType] = field(init=False)
    people: dict[str, User] = field(init=False)

    def __post_init__(self) -> None:
        self.draw = Random(self.seed)
        self.sources = [SourceFactory.create(code=f"source{n}") for n in range(2)]
        codes = ("sample_order", "quote_request", "page_view")
        self.kinds = [ActionTypeFactory.create(code=code) for code in codes]
        self.people = {role: UserFactory.create() for role in ("adjusts", "approves", "issues", "voids", "reopens")}
        self.owners = [self._customer(place) for place in range(self.customers)]
        self._prices()

    @property
    def at(self) -> datetime:
        """When work is done on the current day."""
        return datetime.combine(self.day, WORKING)

    def live(self, days: int) -> Iterator[date]:
        """Live so many days; yield each after its work is done."""
        for _ in range(days):
            self._a_day()
            yield self.day
            self.day += DAY

    def _customer(self, place: int) -> Customer:
        taxes = [Tax("VAT", Decimal("7.7")), Tax("Wood", Decimal(3), "wood")]
        customer: Customer = CustomerFactory.create(
            code=f"C{place}",
            currency=CURRENCIES[place % 3],
            time_zone=ZONES[(place + self.seed) % len(ZONES)],
            cycle=CYCLES[(place // 2) % 3],
            billed_from=BEGIN,
            taxes=[tax.as_stored() for tax in self.draw.sample(taxes, self.draw.randrange(3))],
            monthly_minimum=self.draw.choice((None, None, 40, 50_000)),
        )
        for category in ("wood", "stone"):
            ProductFactory.create(customer=customer, category=category)
        return customer

    def _prices(self) -> None:
        for place, currency in enumerate(CURRENCIES):
            usual = {"currency": currency, "wall_from": read("2020-01-01")}
            PriceRule.objects.create(name="Anything", priority=-1, unit_price="1.003333", **usual)
            PriceRule.objects.create(name="Views", action_type=self.kinds[2], unit_price=0, **usual)
            if not self.steady:
                tiers = PriceRule.objects.create(
                    **usual, name="Quotes", action_type=self.kinds[1], price_model="graduated", cap_per_period=30
                )
                for up_to, price in ((Decimal(5), Decimal("2.111111")), (None, Decimal("0.333333"))):
                    PriceTier.objects.create(rule=tiers, up_to=up_to, unit_price=price, flat_fee=place)
        PriceRule.objects.filter(state="draft").update(state="active", activated_at=datetime(2020, 1, 1, tzinfo=UTC))

    def _a_day(self) -> None:
        for owner in self.owners:
            if self.draw.random() < 0.6:
                self._receive(owner)
        self._now_and_then(0.3, "action voided", self._void_action)
        self._now_and_then(0.1, "action waived", self._waive_action)
        self._rate()
        for period in self._over():
            self._now_and_then(0.4, "closed", lambda of=period: close(of, at=self.at))  # type: ignore[misc]
        self._finance()
        self._rate()

    def _finance(self) -> None:
        drafts, approved, issued = (
            list(Invoice.objects.filter(state=state).order_by("pk")) for state in ("draft", "approved", "issued")
        )
        by = self.people
        for one in drafts:
            amount = self.draw.choice((Decimal(-700), Decimal(-3), Decimal(12)))
            more = {"text": "Agreed", "reason": "By phone", "at": self.at}
            self._maybe(0.1, "adjusted", adjust, one, amount=amount, by=by["adjusts"], **more)
            self._maybe(0.05, "regenerated", regenerate, one, by=by["adjusts"], at=self.at)
        for one in Invoice.objects.filter(state="draft").order_by("pk"):
            self._maybe(0.3, "approved", approve, one, by=by["approves"], at=self.at, reason="Looks right")
        for one in approved:
            self._maybe(0.4, "issued", issue, one, by=by["issues"], at=self.at)
        for one in issued:
            self._maybe(0.04, "voided", void_invoice, one, reason="Wrong", by=by["voids"], at=self.at)
        for one in Invoice.objects.filter(state="draft").select_related("period__customer").order_by("pk"):
            self._maybe(0.03, "reopened", reopen, one.period, reason="Wrong", by=by["reopens"], at=self.at)

    def _maybe(self, chance: float, what: str, act: Callable[..., Any], *args: Any, **how: Any) -> None:
        self._now_and_then(chance, what, lambda: act(*args, **how))

    def _now_and_then(self, chance: float, what: str, act: Callable[[], Any]) -> None:
        if self.draw.random() < chance:
            try:
                self.done[what] += act() is not False
            except Refused as refusal:
                self.done[f"refused: {refusal.code}"] += 1

    def _receive(self, owner: Customer) -> None:
        source = self.draw.choice(self.sources)
        delivery = DeliveryFactory.create(source=source, received_at=self.at)
        product = self.draw.choice(list(owner.products.order_by("pk")))
        is_test = self.draw.random() < 0.1
        lead = LeadFactory.create(
            source=source, product=product, delivery=delivery, received_at=self.at, is_test=is_test
        )
        for _ in range(self.draw.randrange(1, 4)):
            self._action(lead, owner)

    def _action(self, lead: Lead, owner: Customer) -> None:
        back = self.draw.choice((0, 0, 0, 1, 2, 9, 34, 50))
        occurred = self.at - timedelta(days=back, minutes=self.draw.randrange(24 * 60))
        period = _period_of(owner, occurred)
        self.done["late"] += occurred < period.start_at
        Action.objects.create(
            lead=lead,
            external_id=f"A{Action.objects.count()}",
            action_type=self.draw.choice(self.kinds),
            period=period,
            delivery_id=lead.delivery_id,
            occurred_at=occurred,
            quantity=self.draw.choice((1, 1, 2, Decimal("0.5"), 7)),
        )
        mark_unrated([period], reason="intake")

    def _void_action(self) -> bool:
        found = list(Action.objects.filter(voided_at=None).order_by("pk"))
        if found:
            void_action(self.draw.choice(found), reason="Canceled", by=self.people["voids"], at=self.at)
        return bool(found)

    def _waive_action(self) -> bool:
        charged = Charge.objects.filter(period__state="open", reason="", amount__gt=0)
        found = list(charged.select_related("action").order_by("pk"))
        if found:
            waive(self.draw.choice(found).action, note="Goodwill", by=self.people["voids"], at=self.at)
        return bool(found)

    def _rate(self) -> None:
        rate_waiting(BillingPeriod.objects.open().values_list("pk", flat=True), at=self.at)

    def _over(self) -> list[BillingPeriod]:
        over = BillingPeriod.objects.open().filter(end_at__lte=self.at)
        return list(over.select_related("customer").order_by("start_at", "pk"))


def _period_of(owner: Customer, at: datetime) -> BillingPeriod:
    """The period that intake would assign: its own if it is open, otherwise the earliest open one."""
    begin = owner.calendar.begin
    assert begin is not None
    if at >= begin:
        open_periods({owner.pk: [at]})
    takes = owner.periods.open().filter(is_sealed=False)
    own = takes.filter(start_at__lte=at, end_at__gt=at).first()
    found = own or takes.order_by("start_at").first()
    if found is None:
        last = owner.periods.order_by("-end_at").first()
        open_periods({owner.pk: [last.end_at if last else begin]})
        found = takes.order_by("start_at").first()
    assert found is not None
    return found
