"""The front page: the figures of the month, from roll-ups, and the tasks that need a person."""

from datetime import UTC, datetime
from decimal import Decimal
from html import unescape

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing_engine.core.calendar.spans import Month
from invoices.domain.month_close.unfinished import Stuck
from invoices.domain.run.billing_run import bill, start
from invoices.queries.month import Money, Rated, Received, money_in, quarantine_waiting, rated_in, received_in
from invoices.queries.month_figures import Figure, bar
from leads.models import QuarantinedItem
from pricing.domain.rate.rate import rate
from reports.queries.attention import Waiting, waiting
from tests.factories.leads import DeliveryFactory, QuarantinedItemFactory
from tests.factories.people import UserFactory, superuser
from tests.invoices.made import NOVEMBER_3, OCTOBER, a_draft, a_price, an_open_period, approved, issued, received

pytestmark = pytest.mark.django_db

SEPTEMBER = Month(2026, 9)
FIRST = datetime(2026, 10, 1, tzinfo=UTC)
END = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _on_the_third_of_november() -> object:
    with time_machine.travel(NOVEMBER_3, tick=False):
        yield


def front(browser: Client, month: str = "2026-10") -> HttpResponse:
    answer = browser.get(reverse("admin:index"), {"month": month})
    assert answer.status_code == 200
    return answer


def a_delivery(at: datetime, **counts: int) -> None:
    DeliveryFactory.create(received_at=at, **counts)


def test_what_was_received_is_summed_over_the_months_deliveries() -> None:
    a_delivery(FIRST, leads_received=5, leads_created=2, leads_updated=1, leads_duplicate=1, leads_quarantined=1)
    a_delivery(FIRST, actions_received=9, actions_created=4, actions_duplicate=3, actions_quarantined=2)
    a_delivery(END, leads_received=100, leads_created=100)  # the first instant of November

    assert received_in(OCTOBER) == (
        Received(received=5, created=2, updated=1, duplicate=1, quarantined=1),
        Received(received=9, created=4, duplicate=3, quarantined=2),
    )


def test_quarantine_is_counted_while_it_waits() -> None:
    QuarantinedItemFactory.create()
    QuarantinedItemFactory.create(state=QuarantinedItem.State.DISCARDED, settled_at=NOVEMBER_3, settled_note="spam")
    QuarantinedItemFactory.create(received_at=END)

    assert (quarantine_waiting(OCTOBER), waiting().quarantined) == (1, 2)


def test_the_outcomes_of_actions_are_read_from_the_tallies() -> None:
    a_price()
    for currency in ("USD", "KWD"):
        period = an_open_period(currency=currency)
        received(period, 1, 1)
        received(period, 1, is_test=True)
        rate(period, at=NOVEMBER_3)

    assert rated_in(OCTOBER) == Rated(actions=6, charged=2, excluded=2, unrated=2)
    assert rated_in(SEPTEMBER) == Rated(actions=0, charged=0, excluded=0, unrated=0)


def test_amounts_are_shown_by_stage_and_currency() -> None:
    by = superuser()
    a_draft(1)
    approved(a_draft(2), by)
    issued(a_draft(4), by)
    issued(a_draft(3, currency="JPY"), by)
    period = an_open_period()
    received(period, 8)
    rate(period, at=NOVEMBER_3)

    assert money_in(OCTOBER) == [
        Money("JPY", by_state={"issued": Decimal(8)}, invoices={"issued": 1}),
        Money(
            "USD",
            unbilled=Decimal(20),
            by_state={"draft": Decimal("2.5"), "approved": Decimal(5), "issued": Decimal(10)},
            invoices={"draft": 1, "approved": 1, "issued": 1},
        ),
    ]


def test_what_failed_waits_until_it_is_billed() -> None:
    stuck = an_open_period()
    received(stuck, 1)
    rate(stuck, at=NOVEMBER_3)
    run = start(OCTOBER, by=None, at=NOVEMBER_3)
    bill(run.items.get().pk, at=NOVEMBER_3)

    failed = Waiting(
        quarantined=0,
        unrated=1,
        failed=1,
        failed_runs=(run.pk,),
        drafts=0,
        approved=0,
        to_rate=0,
        stuck=Stuck(),
    )
    assert waiting() == failed

    a_price()
    rate(stuck, at=NOVEMBER_3)
    bill(start(OCTOBER, by=None, at=NOVEMBER_3).items.get().pk, at=NOVEMBER_3)

    assert waiting() == Waiting(
        quarantined=0, unrated=0, failed=0, failed_runs=(), drafts=1, approved=0, to_rate=0, stuck=Stuck()
    )


def test_the_bar_is_whole_and_shows_even_one_of_a_million() -> None:
    slices = bar(Rated(actions=1_000_000, charged=900_000, excluded=99_999, unrated=1))

    assert [(part.start, part.length, part.tone) for part in slices] == [
        (0, 897, "green"),
        (897, 99, "plain"),
        (996, 4, "orange"),
    ]


def test_figures_lead_to_their_rows(finance: Client) -> None:
    QuarantinedItemFactory.create()
    a_delivery(FIRST, leads_received=5, leads_created=5)
    a_draft(2)
    context = front(finance).context
    leads = context["received"]["equations"][0]
    (row,) = context["money"]["rows"]

    assert leads.whole == Figure("leads received", "5", leads.whole.address)
    assert [figure.value for figure in row.figures] == ["$0.00", "$5.00", "$0.00", "$0.00"]
    addresses = [
        leads.whole.address,
        context["received"]["still_waiting"].address,
        context["rated"]["equation"].whole.address,
        row.figures[1].address,
        *(task.address for task in context["tasks"]),
    ]
    assert [finance.get(address).context["cl"].result_count for address in addresses] == [3, 1, 1, 1, 1, 1]


def test_the_current_month_is_shown_unless_another_is_asked_for(finance: Client) -> None:
    assert front(finance, "").context["month"] == "November 2026"
    assert front(finance, "2026-13").context["month"] == "November 2026"
    october = front(finance).context
    shown = (october["month"], str(october["earlier"]), str(october["later"]), str(october["current"]))
    assert shown == ("October 2026", "2026-09", "2026-11", "2026-11")


def test_an_empty_front_page_says_so(finance: Client) -> None:
    html = unescape(front(finance).content.decode())

    for words in (
        "Nothing needs your attention.",
        "Nothing to bill in October 2026 yet.",
        "No actions are rated in October 2026.",
        "Nothing was received in October 2026.",
    ):
        assert words in html


def test_a_user_without_a_role_sees_no_figures(client: Client) -> None:
    QuarantinedItemFactory.create()
    a_draft(2)
    client.force_login(UserFactory.create())

    answer = front(client)

    context = answer.context
    assert (context["received"], context["rated"], context["money"], context["tasks"]) == (None, None, None, [])
    assert "Your account has no role yet" in answer.content.decode()


def test_no_action_is_counted_and_no_body_is_read_however_much_there_is(finance: Client) -> None:
    def statements() -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            front(finance)
        return [query["sql"] for query in captured]

    a_draft(2)
    statements()  # content types and similar rows are looked up once
    few = statements()
    a_draft(2)
    a_draft(2, currency="JPY")
    many = statements()

    assert len(few) == len(many)
    assert [sql for sql in many if "leads_action" in sql or "pricing_charge" in sql or '"body"' in sql] == []
