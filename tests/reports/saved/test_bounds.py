"""What is too much for an email is a sentence in it, and the totals stay those of the data."""

from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from leads.models import Product
from pricing.models import DailyActivity
from reports.domain.question.faults import BadQuestion
from reports.domain.saved.saved_report import read
from reports.models import ReportMailing, ReportSchedule, SavedReport
from tests.factories.leads import ActionTypeFactory, BillingPeriodFactory, CustomerFactory, SourceFactory
from tests.invoices.post import PostOffice
from tests.reports.random_company import a_random_company
from tests.reports.saved.made import FIRST_DUE, scheduled, swept

pytestmark = pytest.mark.django_db

PRODUCTS = 10_500
NOVEMBER_19 = date(2026, 11, 19)
BY_PRODUCT = "show=amount,actions&group=customer,product&days=2026-11-19"


@pytest.fixture
def many_products() -> None:
    """One action of each of more products than an answer has rows."""
    customer = CustomerFactory.create(name="Acme")
    period, source, kind = (
        BillingPeriodFactory.create(customer=customer),
        SourceFactory.create(),
        ActionTypeFactory.create(),
    )
    products = Product.objects.bulk_create(
        Product(customer=customer, sku=f"S{n}", name=f"Product {n}") for n in range(PRODUCTS)
    )
    DailyActivity.objects.bulk_create(
        DailyActivity(
            place=place,
            period=period,
            customer=customer,
            product=product,
            source=source,
            action_type=kind,
            outcome="charged",
            day=NOVEMBER_19,
            actions=1,
            quantity=1,
            amount=Decimal("0.01"),
            full_amount=Decimal("0.01"),
        )
        for place, product in enumerate(products)
    )


def text_of(office: PostOffice) -> str:
    [message] = office.arrived
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_of_ten_thousand_groups_the_email_has_the_totals_and_the_file_every_row(
    many_products: None, frank: User, post_office: PostOffice
) -> None:
    scheduled(frank, question=BY_PRODUCT)
    [mailing] = swept(FIRST_DUE)

    text = text_of(post_office)
    assert "There are more than 10,000 rows, so products are only in the file." in text
    assert "Total, USD  $105.00   10,500" in text
    assert (mailing.state, mailing.rows) == ("sent", PRODUCTS)
    assert "rows: 10,500 of 10,500" in text


def test_what_does_not_fit_on_paper_is_sent_without_a_file(
    many_products: None, frank: User, post_office: PostOffice
) -> None:
    scheduled(frank, question=BY_PRODUCT, file_format="pdf")
    [mailing] = swept(FIRST_DUE)

    assert "No file is attached. A PDF can have at most 5,000 rows" in text_of(post_office)
    assert (mailing.state, mailing.rows, mailing.file_name) == ("sent", None, "")


def test_a_file_too_large_for_an_email_is_a_link(
    frank: User, post_office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reports.queries.mailed.file.MOST_BYTES", 100)
    a_random_company(11)
    scheduled(frank)
    [mailing] = swept(FIRST_DUE)

    assert "No file is attached. It would be too large for an email: download it from the explorer." in text_of(
        post_office
    )
    assert (mailing.state, mailing.rows) == ("sent", None)


def test_a_range_of_a_hundred_years_is_neither_saved_nor_sent(frank: User, post_office: PostOffice) -> None:
    with pytest.raises(BadQuestion, match="Choose at most 10 years"):
        read("show=amount&group=customer&days=2000-01-01..2099-12-31")
    scheduled(frank)
    SavedReport.objects.update(question="show=amount&group=customer&days=2000-01-01..2099-12-31")
    swept(FIRST_DUE)

    stored = ReportSchedule.objects.get()
    assert (stored.is_active, stored.paused_reason) == (
        False,
        "This report can no longer be shown. Choose at most 10 years.",
    )
    assert ReportMailing.objects.get().is_notice


def test_more_days_than_columns_pause_the_schedule_with_the_reason(frank: User, post_office: PostOffice) -> None:
    a_random_company(12)
    scheduled(frank, question="show=amount&group=customer&columns=day&days=2026-08-01..2026-11-30")
    mailing = swept(FIRST_DUE)[0]

    assert mailing.state == "failed"
    assert mailing.reason.startswith("At most 62 columns fit.")
    assert ReportSchedule.objects.get().paused_reason == mailing.reason
