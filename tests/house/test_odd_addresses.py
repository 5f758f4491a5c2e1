"""Whatever an address has after its question mark, it causes no server error: the answer is a clear message, or the list."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.contrib.messages import get_messages
from django.db import models, transaction
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse
from drf_spectacular.generators import SchemaGenerator

from leads.domain.credentials.api_keys import create_key
from reports.admin import front_page
from tests.factories.leads import SourceFactory
from tests.factories.people import superuser
from tests.house.test_admin_queries import ROWS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("short_menu")]

TOO_LARGE = "9" * 30
VALUES = ("\0", TOO_LARGE)
FIRST_AND_LAST = ("0001-01", "0001-W01", "0001-W01x2", "9998-12", "9998-W52", "9999-12", "0000-00")
# The parameters of every list, and those a user may type for a column: one of each kind.
EVERY_LIST = {"p": "abc", "o": "abc", "q": "\0", "e": "x", "all": "x", "nosuch": "1", "nosuch__gt": "1"}
BY_HAND = {
    models.DateTimeField: {"__year": "99999", "__gte": "abc"},
    models.CharField: {"": "\0", "__in": "1,\0"},
    models.BigAutoField: {"__exact": TOO_LARGE, "__in": "1,x"},
    models.BooleanField: {"__exact": "abc", "__isnull": "x"},
    models.DecimalField: {"__gt": "1e999999999"},
    models.ForeignKey: {"__no__such": "1"},
}
EVERY_PAGE = sorted(model._meta.label for model in admin.site._registry)


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(superuser())
    client.raise_request_exception = False
    return client


def status(client: Client, address: str, **headers: str) -> Any:
    """The result of one request, after which the database is restored."""
    before = transaction.savepoint()
    answer = client.get(address, headers=headers or None)
    transaction.savepoint_rollback(before)
    return answer.status_code


def faults(client: Client, addresses: Iterator[str], **headers: str) -> list[str]:
    asked = list(addresses)
    assert asked
    return [f"{code} {address}" for address in asked if (code := status(client, address, **headers)) >= 500]


def of_a_list(model: Any, address: str, client: Client) -> Iterator[str]:
    filters = client.get(address).context["cl"].filter_specs
    named = {name for each in filters for name in each.expected_parameters() if name}
    yield from (f"{address}?{urlencode({name: value})}" for name in sorted(named) for value in VALUES)
    yield from (f"{address}?{urlencode({name: value})}" for name, value in EVERY_LIST.items())
    of_a_kind = {type(field): field.name for field in model._meta.concrete_fields}
    for kind, name in of_a_kind.items():
        yield from (f"{address}?{urlencode({name + how: value})}" for how, value in BY_HAND.get(kind, {}).items())


@pytest.mark.parametrize("label", EVERY_PAGE)
def test_a_list_of_the_admin_takes_any_question(staff: Client, label: str) -> None:
    row = ROWS[label]()
    address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_changelist")

    assert faults(staff, of_a_list(type(row), address, staff)) == []


@pytest.mark.parametrize("label", EVERY_PAGE)
def test_a_page_of_the_admin_takes_any_number(staff: Client, label: str) -> None:
    row = ROWS[label]()
    page = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"

    assert faults(staff, (reverse(page, args=[value]) for value in VALUES)) == []


def own_pages() -> Iterator[str]:
    """The admin's own addresses, including those of its buttons, each number in them far too large."""
    names = get_resolver().namespace_dict["admin"][1].reverse_dict
    for name in sorted(key for key in names if isinstance(key, str)):
        for possibilities, *_ in names.getlist(name):
            for _, parameters in possibilities:
                with suppress(NoReverseMatch):  # of those that accept only a few values
                    yield reverse(f"admin:{name}", args=[TOO_LARGE] * len(parameters))


def test_every_address_of_the_admin_takes_any_question(staff: Client) -> None:
    odd = (
        "?month=99999-99&customer=9&page=abc&day=99999-01-01",
        f"?customer={'9' * 30}&month=%00",
        "?month=0001-01&day=0001-01-01&after=0001-01&before=9998-12",
    )
    plainly = {address: status(staff, address) for address in set(own_pages())}
    # What is not there, or only takes a POST, reads no question.
    asked = [address for address, code in plainly.items() if code not in (302, 404, 405)]

    assert [f"{code} {address}" for address, code in plainly.items() if code >= 500] == []
    assert len(asked) > 50
    assert faults(staff, (address + question for address in asked for question in odd)) == []


@pytest.mark.parametrize("month", FIRST_AND_LAST)
def test_a_month_without_a_month_before_or_after_it_is_no_month(staff: Client, month: str) -> None:
    for page in ("admin:index", "admin:reports_unbilled"):
        assert staff.get(reverse(page), {"month": month}).status_code == 200


def our_mistake(*_: object) -> None:
    raise ValueError("17x: a mistake of our own")


def a_date_of_ours(*_: object) -> None:
    date.min - timedelta(days=1)


def what_django_cannot_read(*_: object) -> None:
    models.IntegerField().get_prep_value("17x")


@pytest.mark.parametrize(
    ("fails", "status"), [(our_mistake, 500), (a_date_of_ours, 500), (what_django_cannot_read, 302)]
)
def test_an_error_of_our_own_code_is_never_told_as_an_odd_address(
    staff: Client, monkeypatch: pytest.MonkeyPatch, fails: Callable[..., None], status: int
) -> None:
    monkeypatch.setattr(front_page, "_chosen", fails)

    assert staff.get(reverse("admin:index"), {"month": "17x"}).status_code == status


def api_questions(source: str) -> Iterator[str]:
    document: Any = SchemaGenerator().get_schema(request=None, public=True)
    for path, methods in document["paths"].items():
        if "get" not in methods:
            continue
        given = methods["get"].get("parameters", [])
        inside = {parameter["name"]: "1" for parameter in given if parameter["in"] == "path"}
        names = [parameter["name"] for parameter in given if parameter["in"] == "query"]
        for value in ("9" * 30, "%00", "abc", "%E2%82") if inside else ():
            yield path.format_map(dict.fromkeys(inside, value) | {"source": source})
        for name in [*names, "nosuch"]:
            for value in VALUES:
                yield f"{path.format_map(inside | {'source': source})}?{urlencode({name: value})}"


def test_every_list_of_the_api_takes_any_question(staff: Client) -> None:
    source = SourceFactory.create()
    key = create_key(source)[1]

    assert faults(staff, api_questions(source.code), Authorization=f"Bearer {key}") == []
    assert faults(staff, api_questions(source.code)) == []


def test_what_cannot_be_read_is_told_and_the_list_is_shown(staff: Client) -> None:
    answer = staff.get(reverse("admin:leads_quarantineditem_changelist"), {"state": "\0"})

    assert (answer.status_code, answer["Location"]) == (302, reverse("admin:leads_quarantineditem_changelist"))
    assert [str(each) for each in get_messages(answer.wsgi_request)] == [
        "The address contains a value that can't be read. This is the page without it."
    ]


def test_an_address_with_two_slashes_leads_to_no_other_site(client: Client) -> None:
    answer = client.get("/", {"x": "\0"}, PATH_INFO="//other.example/")

    assert (answer.status_code, answer["Location"]) == (302, "/%2Fother.example/")
