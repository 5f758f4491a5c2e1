"""Budget alerts to a customer's people: at 80% and at 100% of a soft budget, once for each period and step."""

from decimal import Decimal

import pytest

from leads.domain.memberships.emails import Reader, choose
from leads.models import BillingPeriod, EmailTopic
from pricing.domain.rate.rate import rate
from receivables.domain.topic_emails.sending import TOPIC_EMAILS
from receivables.models import TopicEmail
from reports.domain.alerts.evaluate import evaluate
from tests.invoices.made import NOVEMBER_3, received
from tests.invoices.post import PostOffice
from tests.reports.alerts.test_money import charged

pytestmark = pytest.mark.django_db
BOOKS = "books@acme.example"


@pytest.fixture
def period() -> BillingPeriod:
    """October of a customer that was charged $85 of $100."""
    return charged("85", monthly_budget=Decimal(100), billing_contacts=[BOOKS])


def look_and_send() -> None:
    evaluate(at=NOVEMBER_3)
    for message in TOPIC_EMAILS.due(at=NOVEMBER_3):
        TOPIC_EMAILS.work(**message, at=NOVEMBER_3)


def test_each_step_is_told_once_however_often_it_is_looked_at(period: BillingPeriod, post_office: PostOffice) -> None:
    for _ in range(2):
        look_and_send()
    [mail] = post_office.arrived
    body = mail.get_body(("plain",))
    assert body is not None
    assert (mail["To"], mail["Subject"]) == (BOOKS, "85% of your budget for October 2026 is used")
    assert body.get_content().replace("\r\n", "\n").partition("\n-- ")[0] == (
        "$85.00 is charged for October 2026 so far, 85% of your budget.\n\n"
        "Charged so far: $85.00\nBudget: $100.00\nUsed: 85%\n\n"
        "This budget only alerts: charges go on when it is reached.\n"
    )

    received(period, "20")
    rate(period, at=NOVEMBER_3)
    for _ in range(2):
        look_and_send()
    assert [each["Subject"] for each in post_office.arrived[1:]] == ["105% of your budget for October 2026 is used"]
    assert list(TopicEmail.objects.values_list("about", "percent", "state").order_by("pk")) == [
        (period.pk, 80, "sent"),
        (period.pk, 100, "sent"),
    ]


def test_who_switched_budget_alerts_off_gets_none(period: BillingPeriod, post_office: PostOffice) -> None:
    choose(Reader(period.customer, BOOKS, EmailTopic.BUDGET), is_wanted=False, by=period.customer, at=NOVEMBER_3)

    look_and_send()

    assert (post_office.arrived, TopicEmail.objects.count()) == ([], 0)
