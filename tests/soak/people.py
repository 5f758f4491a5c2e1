"""Finance bills, approves, issues, sends and voids, and operations change prices, by the functions the pages call."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from django.utils.timezone import now

from billing_engine.core.calendar.spans import labels_of
from billing_engine.core.errors import Refused
from invoices.domain.life.adjustments import adjust
from invoices.domain.life.reopen import regenerate, reopen, void
from invoices.domain.life.transitions import approve, issue
from invoices.domain.month_close.bulk_action import start_bulk_action
from invoices.domain.month_close.close_month import bill_cycle, create_missing_months
from invoices.domain.run.billing_run import pause, resume
from invoices.models import BillingCycle, BillingRun, Invoice
from leads.models import BillingPeriod
from pricing.domain.rule_book.rules import activate, revise
from pricing.models import PriceRule
from tests.soak.ledger import Ledger
from tests.soak.threads import Actor
from tests.soak.world import World

State = Invoice.State


class Finance(Actor):
    """Does whatever finance may do, in random order."""

    def __init__(self, *, world: World, seed: int, ledger: Ledger) -> None:
        super().__init__("finance", seed=seed, ledger=ledger, pause=(0.1, 0.6))
        self._world = world
        self._acts: dict[Callable[[], None], int] = {
            self._run: 5,
            self._approve_all: 4,
            self._issue_all: 3,
            self._send_all: 3,
            self._approve: 4,
            self._issue: 3,
            self._void: 3,
            self._regenerate: 3,
            self._adjust: 3,
            self._reopen: 2,
            self._hold_up: 1,
        }

    def act(self) -> None:
        self.draw.choices([*self._acts], [*self._acts.values()])[0]()

    def _cycle(self) -> BillingCycle:
        create_missing_months()
        return BillingCycle.objects.get(label=self.draw.choice(self._world.months))

    def _one(self, *states: str) -> Invoice | None:
        labels = labels_of(self.draw.choice(self._world.months))
        found = list(Invoice.objects.filter(state__in=states, period__label__in=labels).order_by("pk"))
        return self.draw.choice(found) if found else None

    def _run(self) -> None:
        runs = bill_cycle(self._cycle(), by=self._world.starter, at=now()).runs
        self.ledger.count("billing runs", len(runs))

    def _approve_all(self) -> None:
        self._bulk_action(BillingCycle.BulkAction.APPROVE)

    def _issue_all(self) -> None:
        self._bulk_action(BillingCycle.BulkAction.ISSUE)

    def _send_all(self) -> None:
        self._bulk_action(BillingCycle.BulkAction.SEND)

    def _bulk_action(self, action: BillingCycle.BulkAction) -> None:
        start_bulk_action(self._cycle(), action, by=self._world.starter, at=now())
        self.ledger.count(f"{action.value} all")

    def _approve(self) -> None:
        if invoice := self._one(State.DRAFT):
            approve(invoice, by=self._world.starter, at=now(), reason="Looked at")
            self.ledger.count("approvals by hand")

    def _issue(self) -> None:
        if invoice := self._one(State.APPROVED):
            number = issue(invoice, by=self._world.starter, at=now()).number
            self.ledger.issue(number or "")
            self.ledger.count("issues by hand")

    def _void(self) -> None:
        if invoice := self._one(State.ISSUED):
            void(invoice, reason="Soaked", by=self._world.second, at=now())
            self.ledger.count("voids of invoices")

    def _regenerate(self) -> None:
        if invoice := self._one(State.DRAFT):
            regenerate(invoice, by=self._world.second, at=now())
            self.ledger.count("regenerations")

    def _adjust(self) -> None:
        if invoice := self._one(State.DRAFT):
            amount = Decimal(self.draw.choice((-2_000, -150, 99, 1_250))) / 100
            adjust(invoice, amount=amount, text="Agreed", reason="Soaked", by=self._world.second, at=now())
            self.ledger.count("adjustments")

    def _reopen(self) -> None:
        closed = BillingPeriod.objects.closed().exclude(invoices__state__in=[State.ISSUED]).order_by("pk")
        if found := list(closed):
            reopen(self.draw.choice(found), reason="Soaked", by=self._world.third, at=now())
            self.ledger.count("periods opened again")

    def _hold_up(self) -> None:
        """Pause a run for a moment; the next action resumes it."""
        if run := BillingRun.objects.filter(finished_at=None).order_by("pk").first():
            if run.paused_at:
                resume(run, by=self._world.starter)
            else:
                pause(run, by=self._world.starter, at=now())
            self.ledger.count("runs paused or resumed")


class Operations(Actor):
    """Revises the prices of quotes, either back into open periods or from some day of this month on."""

    def __init__(self, *, world: World, seed: int, ledger: Ledger) -> None:
        super().__init__("prices", seed=seed, ledger=ledger, pause=(0.5, 3))
        self._world = world

    def act(self) -> None:
        rules = PriceRule.objects.filter(action_type__code="quote_request", state="active", wall_to=None).order_by("pk")
        rule = self.draw.choice(list(rules))
        draft = revise(rule, by=self._world.writer, at=now(), since=self._day())
        draft.unit_price = Decimal(self.draw.randint(500, 4_000)) / 100
        draft.save(update_fields=["unit_price"])
        try:
            activate(draft, by=self._world.activator, at=now(), reason="New list")
        except Refused:
            draft.delete()
            raise
        self.ledger.count("price revisions")

    def _day(self) -> datetime:
        begin = self._world.begin if self.draw.random() < 0.6 else self._world.end - timedelta(days=20)
        days = (self._world.end - begin).days
        day = begin.astimezone(UTC).date() + timedelta(days=self.draw.randint(0, days))
        return datetime.combine(day, time())
