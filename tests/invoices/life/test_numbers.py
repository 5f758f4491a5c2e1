"""Invoice numbers: a series per seller and year, without a gap; no seller ever continues another's."""

from datetime import UTC, datetime

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from invoices.domain.life.transitions import issue
from invoices.models import Invoice, NumberSeries
from leads.domain.number_prefixes import PrefixTaken, clash
from leads.models import Company, NumberPrefix
from reports.queries.sums.billed_sums import numbers
from tests.factories.leads import CompanyFactory
from tests.invoices.made import a_draft, approved, issued

pytestmark = pytest.mark.django_db


def number_of(by: User, seller: Company | None, at: datetime | None = None) -> str | None:
    draft = approved(a_draft(seller=seller), by)
    return issue(draft, by=by, at=at or datetime(2026, 11, 3, 12, tzinfo=UTC)).number


def change(company: Company, **facts: object) -> Company:
    Company.objects.filter(pk=company.pk).update(**facts)
    return Company.objects.get(pk=company.pk)


def test_a_seller_whose_prefix_or_digits_change_goes_on_counting_and_begins_again_each_year(frank: User) -> None:
    ours = CompanyFactory.create(number_prefix="A-{year}-", number_digits=3)
    given = [number_of(frank, ours), number_of(frank, ours)]
    ours = change(ours, number_prefix="{year}/B/", number_digits=5)
    given += [number_of(frank, ours), number_of(frank, ours, datetime(2027, 1, 4, tzinfo=UTC))]
    ours = change(ours, number_prefix="a-{year}-")
    given.append(number_of(frank, ours))

    assert given == ["A-2026-001", "A-2026-002", "2026/B/00003", "2027/B/00001", "a-2026-00004"]
    assert set(NumberSeries.objects.values_list("seller", "year", "last")) == {(ours.pk, 2026, 4), (ours.pk, 2027, 1)}
    assert list(Invoice.objects.order_by("pk").values_list("serial", flat=True)) == [1, 2, 3, 1, 4]
    assert numbers().holds


def test_a_prefix_that_ends_in_the_year_raises_no_false_alarm_and_hides_no_gap(frank: User) -> None:
    ours = CompanyFactory.create(number_prefix="X{year}", number_digits=3)

    assert [number_of(frank, ours), number_of(frank, ours)] == ["X2026001", "X2026002"]
    assert numbers().holds

    NumberSeries.objects.update(last=3)
    assert [breach.words for breach in numbers().breaches] == [
        f"{ours.name}, 2026: number 3 was issued, but no invoice has it"
    ]


@pytest.mark.parametrize("prefix", ["INV-{year}-", "inv-{year}-", "INV-{year}", "Inv-2026-"])
def test_no_company_takes_the_prefix_of_the_seller_of_the_settings(prefix: str, frank: User) -> None:
    same = CompanyFactory.create()
    # As a person at a database prompt might: the last one has no year, which the database itself refuses.
    if "{year}" not in prefix:
        with pytest.raises(IntegrityError), transaction.atomic():
            change(same, number_prefix=prefix)
        return
    same = change(same, number_prefix=prefix)
    draft = approved(a_draft(seller=same), frank)

    clashes = clash(prefix, "INV-{year}-")
    assert clashes == prefix.endswith("-")
    if clashes:
        with pytest.raises(PrefixTaken, match=r"could be mistaken for those of Lead Billing Engine \(INV-\{year\}-\)"):
            issue(draft, by=frank, at=datetime(2026, 11, 3, 12, tzinfo=UTC))
        draft.refresh_from_db()
        assert (draft.state, NumberSeries.objects.count()) == ("approved", 0)


def test_a_prefix_that_was_used_and_released_is_never_continued_by_another_seller(
    frank: User, settings: LazySettings
) -> None:
    first, second = CompanyFactory.create(number_prefix="N-{year}-"), CompanyFactory.create()
    assert number_of(frank, first) == "N-2026-000001"
    change(first, number_prefix="M-{year}-")
    second = change(second, number_prefix="n-{year}-", number_digits=4)
    draft = approved(a_draft(seller=second), frank)

    with pytest.raises(PrefixTaken, match=f"could be mistaken for those of {first.name}"):
        issue(draft, by=frank, at=datetime(2026, 11, 3, 12, tzinfo=UTC))
    settings.SELLER = settings.SELLER | {"number_prefix": "N-{year}-"}
    with pytest.raises(PrefixTaken, match=f"could be mistaken for those of {second.name}"):
        issued(a_draft(), frank)
    for act in (lambda: NumberPrefix.objects.update(seller=second), lambda: NumberPrefix.objects.all().delete()):
        with pytest.raises(DatabaseError, match="it remains its seller's"), transaction.atomic():
            act()

    assert list(NumberPrefix.objects.values_list("prefix", "seller")) == [("N-{year}-", first.pk)]
    assert list(NumberSeries.objects.values_list("seller", "last")) == [(first.pk, 1)]


def test_the_form_refuses_what_could_be_anothers_and_says_when_a_change_takes_effect(
    finance: Client, frank: User
) -> None:
    used = CompanyFactory.create(number_prefix="N-{year}-", name="First, Inc.")
    number_of(frank, used)
    change(used, number_prefix="M-{year}-")
    ours = CompanyFactory.create()
    address = reverse("admin:leads_company_change", args=[ours.pk])
    given = {"name": "Second, Inc.", "code": "S", "address": "1 Way", "email": "a@b.example", "pay_to": "Bank"}

    for prefix, whose in (
        ("inv-{year}-", "Lead Billing Engine"),
        ("n-{year}-", "First, Inc."),
        ("M-{year}-", "First, Inc."),
    ):
        answer = finance.post(address, given | {"number_prefix": prefix, "number_digits": "4"})
        [fault] = answer.context["adminform"].form.errors["number_prefix"]
        assert f"could be mistaken for those of {whose}" in fault
    answer = finance.post(address, given | {"number_prefix": "S-{year}-", "number_digits": "4"}, follow=True)

    assert next(str(message) for message in answer.context["messages"]) == (
        "The next invoice number looks like S-{year}-0001. The count of the year continues without a gap."
    )


def test_two_companies_never_share_a_prefix_however_written() -> None:
    CompanyFactory.create(number_prefix="Q-{year}-")

    with pytest.raises(IntegrityError, match="two_companies_never_share_a_number_prefix"), transaction.atomic():
        CompanyFactory.create(number_prefix="q-{year}-")

    assert Company.objects.count() == 1


prefixes = st.from_regex(r"\A[aB0-2]{0,2}\{year\}([aB0-2]{0,1}[aB-])?\Z")
years, serials, widths = st.integers(2000, 2099), st.integers(1, 99), st.integers(1, 3)


@given(prefixes, prefixes, years, years, serials, serials, widths, widths)
def test_prefixes_that_do_not_clash_make_no_number_twice(
    one: str, other: str, year: int, its_year: int, serial: int, its_serial: int, digits: int, its_digits: int
) -> None:
    first = f"{one.replace('{year}', str(year))}{serial:0{digits}d}"
    second = f"{other.replace('{year}', str(its_year))}{its_serial:0{its_digits}d}"

    assert clash(one, other) or first.lower() != second.lower()
    assert clash(one, one)
