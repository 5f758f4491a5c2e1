"""Every deed makes exactly one row in the deed log: each button that is pressed, and each domain function that takes a person."""

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache

import pytest
from django.contrib.admin.models import LogEntry
from django.db.models import Model
from django.test import Client
from time_machine import travel

from billing_engine.core.deeds.verbs import verbs
from billing_engine.core.models import Deed
from tests.factories.people import superuser
from tests.house.test_buttons import ANSWERS, LATER, STATES, address_of_page, buttons_of, shown_buttons
from tests.house.tree import product, tree

MADE_AT = datetime(2026, 11, 4, tzinfo=UTC)
# Buttons that show or download something, or lead to a form.
NO_DEED = {"open", "download_pdf", "download_void_pdf", "preview", "prove", "simulate_rule", "simulate", "import_file"}
# Their answer is a page: it shows a secret once.
SHOWN_ONCE = {"new_key", "new_secret", "rotate", "secret"}
RECORDERS = {"ask", "record", "record_saved", "record_all", "record_rule", "record_draft", "deed_of"}
# Functions that write in a transaction but take no person, each with the reason why it is not a deed, or whose deed it is.
NO_PERSON = {
    "billing_engine/operations/database_roles.py grant_access": "sets the rights of the logins at each migrate",
    "leads/domain/periods.py open_periods": "opens what the calendar says",
    "leads/domain/periods.py open_missing": "opens what the calendar says",
    "pricing/domain/rate/activity.py rebuild_activity": "adds up what rating has decided",
    "pricing/domain/simulation/announced.py rated_by_prices_of": "compares prices, and keeps what it found",
    "pricing/domain/rate/attempts.py give_back": "counts attempts",
    "pricing/domain/rate/rate.py rate_waiting": "rates by the rules, decides nothing",
    "pricing/domain/rate/rate.py rate": "rates by the rules, decides nothing",
    "pricing/domain/rate/rate.py rate_together": "rates by the rules, decides nothing",
    "pricing/domain/rate/usage.py count_uses": "counts",
    "pricing/domain/waive.py exclude_disputed": "its caller records the deed: the decision of the dispute",
    "billing_engine/accounts/domain/customer_people.py enroll": "is the deed of the person it creates, and records it",
    "leads/domain/memberships/invitations.py accept_as": "is the deed of the person it lets in, and records it",
    "leads/domain/memberships/invitations.py accept_as_new": "is the deed of the person it creates, and records it",
    "leads/domain/memberships/looks.py end_look": "ends a look, which is a deed, before its hour is over",
    "receivables/domain/payments/bank_files/book.py book_certain": "records one deed for each payment",
    "receivables/domain/payments/bank_files/book.py undo_booked": "records one deed for each return",
    "receivables/domain/online/links.py link_of": "gives invoices an address, and moves nothing",
    "receivables/domain/ledger/post.py post": "its callers record the deed: an issue, a void",
    "receivables/domain/ledger/allocations.py match": "its callers record the deed: an issue, a void",
    "receivables/domain/ledger/allocations.py take_back": "its callers record the deed: a void",
    "invoices/domain/document/store.py request_missing": "asks for the PDF that an issue should have asked for",
    "invoices/domain/life/credit_lines.py put_on": "records the deed of the engine, which settles late voids",
    "invoices/domain/life/close.py close": "its callers record the deed: a run's period, a draft made again",
    "invoices/domain/life/close.py close_together": "its callers record the deeds: a run's periods",
    "invoices/domain/life/close.py close_if_empty": "part of locking the month",
    "invoices/domain/mail/delivery.py settle_void_emails": "records one deed for each email",
    "invoices/domain/run/billing_run.py start_by_schedule": "records the run that the schedule starts",
    "reports/domain/exports/file.py expire": "records one deed for each export",
    "billing_engine/accounts/domain/invitations.py accept": "records the deed of the person whom it creates",
    "billing_engine/accounts/domain/roles.py take_roles_from_provider": "records what the identity provider changed",
    **{
        f"billing_engine/accounts/domain/logins.py {name}": "is nothing but a record"
        for name in ("logged_in", "logged_out", "failed", "locked_out", "password_changed", "provider_connected")
    },
    **{
        f"billing_engine/accounts/domain/second_factor.py {name}": "is nothing but a record"
        for name in ("added", "removed", "codes_renewed")
    },
    "reports/domain/forecast/prepare.py prepare": "adds up what forecasts start from, decides nothing",
    "billing_engine/operations/schedule.py ensure_schedule": "creates what the program comes with",
}


@pytest.mark.usefixtures("short_menu")
@pytest.mark.django_db
@pytest.mark.parametrize("state", STATES)
def test_each_button_that_does_something_makes_exactly_one_deed(state: str) -> None:
    by = superuser()
    with travel(MADE_AT, tick=False):
        row = STATES[state](by)
    client = Client()
    client.force_login(by)
    with travel(LATER, tick=False):
        found = {name: made for name in buttons_of(row) if (made := _press(client, row, name)) is not None}

    wrong = {name: deeds for name, (has_acted, deeds) in found.items() if deeds != (1 if has_acted else 0)}
    assert wrong == {}
    assert not LogEntry.objects.exists()


def _press(client: Client, row: Model, name: str) -> tuple[bool, int] | None:
    """Whether the button did something, and how many deeds it made; None if it is not offered."""
    page, address = client.get(address_of_page(row, "change")), address_of_page(row, name)
    if page.status_code != 200 or shown_buttons(page.content.decode()).get(address) != "":
        return None
    before = Deed.objects.count()
    answer = client.post(address, ANSWERS)
    has_acted = answer.status_code == 302 or name in SHOWN_ONCE
    return has_acted and name not in NO_DEED, Deed.objects.count() - before


def test_each_domain_function_that_a_person_asks_for_records_a_deed() -> None:
    silent = [
        f"{path} {function.name}"
        for path, function in _writers()
        if _takes_a_person(function) and not RECORDERS & _reached_from(function.name)
    ]

    assert silent == []


def test_each_domain_function_that_writes_without_a_person_says_why_it_is_no_deed_of_one() -> None:
    found = {f"{path} {function.name}" for path, function in _writers() if not _takes_a_person(function)}

    assert found == set(NO_PERSON)


def test_every_verb_is_a_thing_and_what_happened_to_it() -> None:
    odd = [verb for verb in verbs() if "_" not in verb or verb != verb.lower()]

    assert verbs()
    assert odd == []
    assert [each.code for each in verbs().values() if not each.words[0].isupper() or each.words.endswith(".")] == []


def _writers() -> Iterator[tuple[str, ast.FunctionDef]]:
    """The public functions of the domain that run in a transaction."""
    for path in product():
        if "domain" not in path.parts and path.parts[:2] != ("billing_engine", "operations"):
            continue
        for node in tree(path).body:
            is_public = isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
            if is_public and any("atomic" in ast.unparse(each) for each in node.decorator_list):
                yield path.as_posix(), node


def _takes_a_person(function: ast.FunctionDef) -> bool:
    return "by" in [each.arg for each in (*function.args.args, *function.args.kwonlyargs)]


@cache
def _calls() -> dict[str, set[str]]:
    """By name of a function in the domain: the names of what it calls."""
    found: dict[str, set[str]] = {}
    for path in product():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef) and {"domain", "operations", "approvals"} & set(path.parts):
                called = (each.func for each in ast.walk(node) if isinstance(each, ast.Call))
                names = {ast.unparse(each).rpartition(".")[2] for each in called}
                found[node.name] = found.get(node.name, set()) | names
    return found


def _reached_from(name: str) -> set[str]:
    """The names of the functions that a function calls, directly or through others."""
    reached, waiting = set[str](), [name]
    while waiting:
        for called in _calls().get(waiting.pop(), set()) - reached:
            reached.add(called)
            waiting.append(called)
    return reached
