"""Imports run in a worker: they show their progress, can be stopped, and end in a bounded time whatever the file is."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Never

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from billing_engine.core.models import Deed
from pricing.domain.rule_book.sheet import imports
from pricing.domain.rule_book.sheet.imports import (
    CHANGED_SINCE,
    RULE_IMPORTS,
    AlreadySettled,
    FileTooLarge,
    NotChecked,
    NothingToImport,
    NotTheUploader,
    RuleImports,
    confirm_import,
    discard_import,
    start_import,
)
from pricing.domain.rule_book.sheet.plan import SheetHasFaults
from pricing.models import PriceRule, RuleImport
from tests.factories.leads import CustomerFactory
from tests.factories.people import UserFactory, with_role
from tests.factories.pricing import PriceRuleFactory, RuleImportFactory
from tests.pricing.admin.test_rule_sheets import APPLY, IMPORT, as_csv, dry_run, page_of, row, run_workers, upload

pytestmark = pytest.mark.django_db

DISCARD = "admin:pricing_ruleimport_discard_import"
AT = datetime(2026, 11, 3, 12, tzinfo=UTC)
LATER = AT + timedelta(hours=1)  # than every lease
POLLED = {"HX-Request": "true"}


@pytest.fixture
def olga() -> User:
    return with_role("Operations")


def an_upload(by: User, *rows: dict[str, Any]) -> RuleImport:
    return start_import(as_csv(list(rows) or [row()]), name="rules.csv", by=by, at=AT)


def swept(queue: RuleImports = RULE_IMPORTS, *, at: datetime = AT) -> int:
    """The number of messages of a sweep; each is worked on."""
    messages = queue.due(at=at)
    for message in messages:
        queue.work(**message, at=at)
    return len(messages)


def stored(made: RuleImport) -> tuple[str, str, int]:
    """The import's state and words, and the number of rules."""
    made.refresh_from_db()
    return made.state, made.message, PriceRule.objects.count()


def verbs() -> list[str]:
    return list(Deed.objects.order_by("pk").values_list("verb", flat=True))


def dying(point: Callable[..., Never]) -> RuleImports:
    """A queue whose worker ends at this point, as if it were killed."""
    return type("RuleImportsThatDie", (RuleImports,), {"act": point, "__module__": __name__})()


def killed(*_: object, **__: object) -> Never:
    raise SystemExit


def before(part: str, act: Callable[[str], None]) -> Callable[..., Any]:
    """Act before each statement that contains this part."""

    def wrapper(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if part in sql:
            act(sql)
        return execute(sql, *rest)

    return wrapper


def test_the_page_shows_the_progress_and_loads_again_once_the_file_is_checked(operations: Client) -> None:
    made = upload(operations, as_csv([row()]))
    address = page_of(made)

    waiting = operations.get(address, headers=POLLED).content.decode()
    assert ("Waiting for a worker" in waiting, f'hx-get="{address}"' in waiting) == (True, True)
    RuleImport.objects.filter(pk=made.pk).update(rows=2_000, rows_checked=1_300)
    running = operations.get(address, headers=POLLED).content.decode()
    assert ("1,300 of 2,000 rows checked" in running, 'value="65"' in running) == (True, True)

    run_workers()
    assert operations.get(address, headers=POLLED)["HX-Refresh"] == "true"
    checked = operations.get(address).content.decode()
    assert ("1 draft to create" in checked, "every 2s" in checked) == (True, False)


def test_rows_are_counted_while_the_file_is_checked(olga: User) -> None:
    made = an_upload(olga, *[row()] * 60)
    counted = list[tuple[int, int]]()

    def note(_: str) -> None:
        counted.extend(RuleImport.objects.filter(pk=made.pk).values_list("rows", "rows_checked"))

    with connection.execute_wrapper(before('SET "rows" =', note)):
        swept()

    made.refresh_from_db()
    assert [*counted, (made.rows, made.rows_checked)] == [(0, 0), (60, 1), (60, 26), (60, 51), (60, 60)]


def test_what_is_created_is_linked(operations: Client) -> None:
    made = dry_run(operations, as_csv([row()]))
    operations.post(reverse(APPLY, args=[made.pk]))
    applying = operations.get(page_of(made)).content.decode()
    assert ("Creating 1 draft …" in applying, "every 2s" in applying) == (True, True)

    run_workers()

    page = operations.get(page_of(made)).content.decode()
    draft = PriceRule.objects.get()
    assert "1 draft created." in page
    assert f'href="{reverse("admin:pricing_pricerule_change", args=[draft.pk])}"' in page
    assert reverse(APPLY, args=[made.pk]) not in page


def test_each_step_of_a_person_is_one_deed(operations: Client) -> None:
    confirmed, discarded = (dry_run(operations, as_csv([row()])) for _ in range(2))
    for _ in range(2):  # the second time is refused
        operations.post(reverse(APPLY, args=[confirmed.pk]))
        operations.post(reverse(DISCARD, args=[discarded.pk]))
        run_workers()

    assert verbs() == [
        *["rule_import_started"] * 2,
        *["rule_import_confirmed", "rule_import_discarded"],
        "price_rule_drafted",
    ]
    assert (stored(confirmed), stored(discarded)) == (("applied", "", 1), ("discarded", "", 1))


def test_only_the_uploader_applies_because_the_drafts_have_one_author(olga: User) -> None:
    made = an_upload(olga)
    swept()
    made.refresh_from_db()

    with pytest.raises(NotTheUploader):
        confirm_import(made, by=with_role("Operations"), at=AT)

    assert (stored(made), verbs()) == (("checked", "", 0), ["rule_import_started"])


def test_without_the_permission_nothing_is_applied_or_discarded(client: Client) -> None:
    frank = with_role("Finance")
    made = RuleImportFactory.create(uploaded_by=frank)
    client.force_login(frank)

    answers = [client.post(reverse(name, args=[made.pk])).status_code for name in (APPLY, DISCARD)]

    assert (answers, stored(made)) == ([403, 403], ("checked", "", 0))


def test_a_file_that_is_not_checked_has_faults_or_changes_nothing_is_not_applied(olga: User) -> None:
    waiting, faulty = an_upload(olga), an_upload(olga, row(currency="USX"))
    for made, refusal in ((waiting, NotChecked), (faulty, SheetHasFaults)):
        with pytest.raises(refusal):
            confirm_import(made, by=olga, at=AT)
        swept()
    report = {"faulty_rows": 0, "draft_count": 0}
    with pytest.raises(NothingToImport):
        confirm_import(RuleImportFactory.create(uploaded_by=olga, report=report), by=olga, at=AT)

    assert not PriceRule.objects.exists()


def test_a_file_over_the_limit_is_not_kept(operations: Client, olga: User) -> None:
    content = b"x" * (imports.BYTES_AT_MOST + 1)
    answer = operations.post(reverse(IMPORT), {"sheet": SimpleUploadedFile("rules.csv", content)})
    with pytest.raises(FileTooLarge):
        start_import(content, name="rules.csv", by=olga, at=AT)

    assert answer.context["form"].errors == {"sheet": ["At most 5 MB."]}
    assert not RuleImport.objects.exists()


def test_a_dry_run_that_is_discarded_stops_at_the_next_count_and_stays_discarded(olga: User) -> None:
    made = an_upload(olga, *[row()] * 100)
    counts = list[str]()

    def discard_at_the_second(statement: str) -> None:
        counts.append(statement)
        if len(counts) == 2:
            discard_import(made, by=olga)

    with connection.execute_wrapper(before('SET "rows" =', discard_at_the_second)):
        swept()

    assert (stored(made), made.rows_checked, len(counts)) == (("discarded", "", 0), 1, 2)
    assert made.report == {}
    assert swept(at=LATER) == 0


def test_what_is_being_applied_is_not_discarded(olga: User) -> None:
    made = an_upload(olga)
    swept()
    confirm_import(made, by=olga, at=AT)

    with pytest.raises(AlreadySettled):
        discard_import(made, by=olga)

    assert (swept(), stored(made)) == (1, ("applied", "", 1))


def test_if_a_worker_dies_while_it_checks_another_one_checks_after_the_lease(olga: User) -> None:
    made = an_upload(olga)
    with pytest.raises(SystemExit):
        swept(dying(killed))

    assert (swept(at=AT + timedelta(minutes=2)), stored(made)) == (0, ("waiting", "", 0))
    assert (swept(at=LATER), stored(made)) == (1, ("checked", "", 0))


def test_if_a_worker_dies_among_the_drafts_none_is_created_and_another_worker_creates_all(olga: User) -> None:
    made = an_upload(olga, *[row(name=f"Rule {number}") for number in range(3)])
    swept()
    confirm_import(made, by=olga, at=AT)

    def die_at_the_second(_: str) -> None:
        if PriceRule.objects.count() == 1:
            killed()

    with (
        pytest.raises(SystemExit),
        connection.execute_wrapper(before('INSERT INTO "pricing_pricerule"', die_at_the_second)),
    ):
        swept()
    assert stored(made) == ("applying", "", 0)

    assert (swept(at=LATER), stored(made)) == (1, ("applied", "", 3))
    assert verbs().count("price_rule_drafted") == 3


def test_a_file_that_kills_every_worker_is_given_up_and_told(operations: Client, olga: User) -> None:
    made = an_upload(olga)
    for attempt in range(3):
        with pytest.raises(SystemExit):
            swept(dying(killed), at=AT + attempt * timedelta(hours=1))

    words = "Started 3 times and never finished: the file takes too long, or the worker died."
    assert (swept(at=AT + timedelta(hours=3)), stored(made)) == (1, ("failed", words, 0))
    assert swept(at=AT + timedelta(days=1)) == 0
    assert words in operations.get(page_of(made)).content.decode()


@pytest.mark.parametrize("is_applied", [False, True])
def test_a_file_that_takes_too_long_is_stopped_at_once_and_not_tried_again(
    olga: User, monkeypatch: pytest.MonkeyPatch, *, is_applied: bool
) -> None:
    made = an_upload(olga)
    if is_applied:
        swept()
        confirm_import(made, by=olga, at=AT)
    monkeypatch.setattr(imports, "TIME_LIMIT", timedelta(0))

    assert swept() == 1

    words = "Stopped after 0 minutes (rows done: 1). Nothing was imported. Split the file into smaller ones."
    assert stored(made) == ("failed", words, 0)
    assert swept(at=LATER) == 0


def test_an_unexpected_error_is_told_without_its_details(olga: User, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: object, **__: object) -> Never:
        raise ValueError("secret")

    made = an_upload(olga)
    swept(dying(broken))

    assert stored(made) == ("failed", imports.BROKE_OFF, 0)
    assert [record.exc_info is not None for record in caplog.records] == [True]


def test_what_changed_since_the_dry_run_is_shown_and_nothing_is_created(operations: Client, olga: User) -> None:
    customer = CustomerFactory.create(code="ACME")
    made = an_upload(olga, row(customer="ACME"), row())
    swept()
    confirm_import(made, by=olga, at=AT)
    type(customer).objects.update(code="APEX")

    swept()

    assert stored(made) == ("checked", CHANGED_SINCE, 0)
    assert made.report["faults"] == [[2, "Samples", "customer", "Nothing has the code “ACME”."]]
    page = operations.get(page_of(made)).content.decode()
    assert CHANGED_SINCE in page
    with pytest.raises(SheetHasFaults):
        confirm_import(made, by=olga, at=AT)


def test_a_worker_without_its_lease_changes_nothing_in_the_next_step(olga: User) -> None:
    made = an_upload(olga)
    swept()
    made.refresh_from_db()
    stale = RuleImport.objects.get(pk=made.pk)
    stale.state = RuleImport.State.WAITING
    confirm_import(made, by=olga, at=AT)
    RuleImport.objects.filter(pk=made.pk).update(attempts=stale.attempts)

    assert not RULE_IMPORTS.ours(stale).exists()
    assert RULE_IMPORTS.ours(RuleImport.objects.get(pk=made.pk)).exists()


def test_a_fault_quotes_at_most_as_much_as_a_page_can_show(olga: User) -> None:
    made = an_upload(olga, *[row(currency="X" * 3_000, channel="y" * 3_000)] * 700)
    swept()

    made.refresh_from_db()
    assert (len(made.report["faults"]), made.report["faults_left_out"], made.report["faulty_rows"]) == (1_000, 400, 700)
    assert max(len(words) for *_, words in made.report["faults"]) == 500


def test_links_of_an_old_import_lead_only_to_rules_that_exist(operations: Client) -> None:
    rule = PriceRuleFactory.create(draft=True)
    made = dry_run(operations, as_csv([{"id": rule.pk, "priority": 3}]))
    address = reverse("admin:pricing_pricerule_change", args=[rule.pk])
    assert address in operations.get(page_of(made)).content.decode()

    rule.delete()

    page = operations.get(page_of(made)).content.decode()
    assert (address in page, rule.name in page) == (False, True)


def test_the_list_of_imports_is_reached_from_the_upload(operations: Client) -> None:
    RuleImportFactory.create(uploaded_by=UserFactory.create())
    listed = reverse("admin:pricing_ruleimport_changelist")

    assert f'href="{listed}"' in operations.get(reverse(IMPORT)).content.decode()
    assert "rules.csv" in operations.get(listed).content.decode()
