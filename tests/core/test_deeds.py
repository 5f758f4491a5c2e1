"""The deed log: one row per deed, in its transaction, in a chain that shows any later change."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from billing_engine.core import log_context
from billing_engine.core.deeds import chain, origin
from billing_engine.core.deeds.record import changes, record
from billing_engine.core.deeds.verbs import Verb, in_words, verbs
from billing_engine.core.models import Deed
from leads.models import Customer
from tests.factories.leads import CustomerFactory
from tests.factories.people import UserFactory

TESTED = Verb("deed_tested", "Tested")


def _now() -> datetime:
    return datetime.now(tz=UTC)


@pytest.fixture
def anna(db: None) -> User:
    return UserFactory.create(username="anna", first_name="Anna", last_name="Berg")


@pytest.fixture
def acme(db: None) -> Customer:
    return CustomerFactory.create(name="ACME")


def test_a_deed_says_who_did_what_on_what_when_from_where_with_which_effect_and_why(anna: User, acme: Customer) -> None:
    log_context.begin(request="request-1")
    origin.request_from("203.0.113.9")

    record(TESTED, on=acme, by=anna, reason=" asked for it ", before={"budget": None}, after={"budget": 5}, also=[anna])

    log_context.end()
    origin.request_from("")
    [deed] = Deed.objects.about(acme)
    assert abs(deed.at - _now()) < timedelta(minutes=1)
    assert (deed.verb, deed.actor, deed.person, deed.actor_name, deed.task) == (
        "deed_tested",
        "person",
        anna,
        "Anna Berg",
        "",
    )
    assert (deed.request, deed.address, deed.reason) == ("request-1", "203.0.113.9", "asked for it")
    assert (deed.before, deed.after) == ({"budget": None}, {"budget": 5})
    assert deed.objects_touched == [f"leads.customer:{acme.pk}", f"auth.user:{anna.pk}"]
    assert deed.subject_name == "ACME"
    assert list(Deed.objects.about(anna)) == [deed]


def test_without_a_person_the_task_did_it(acme: Customer) -> None:
    log_context.begin(task="invoices.bill_period")

    deed = record(TESTED, on=acme, by=None)

    log_context.end()
    assert (deed.actor, deed.person, deed.actor_name, deed.task) == (
        "engine",
        None,
        "invoices.bill_period",
        "invoices.bill_period",
    )


@pytest.mark.django_db(transaction=True)
def test_a_deed_outside_the_transaction_of_what_was_done_is_refused() -> None:
    customer = CustomerFactory.create()

    with pytest.raises(transaction.TransactionManagementError):
        record(TESTED, on=customer, by=None)

    assert not Deed.objects.exists()


def test_only_what_changed_is_kept() -> None:
    assert changes({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}) == ({"b": 2, "c": None}, {"b": 3, "c": 4})


def test_a_verb_is_declared_once_and_reads_in_the_past_tense() -> None:
    with pytest.raises(ValueError, match="twice"):
        Verb("deed_tested", "Tested again")

    assert verbs()["deed_tested"] is TESTED
    assert (in_words("deed_tested"), in_words("long_gone")) == ("Tested", "Long gone")


def test_nobody_changes_or_deletes_a_deed(anna: User, acme: Customer) -> None:
    deed = record(TESTED, on=acme, by=anna, reason="why")
    chain.seal()
    stored = Deed.objects.values().get()

    for attempt in (
        lambda: Deed.objects.update(reason="another"),
        lambda: Deed.objects.update(position=7, digest=b"x"),
        lambda: Deed.objects.filter(pk=deed.pk).delete(),
    ):
        with pytest.raises(IntegrityError, match="A deed can't be changed or deleted"), transaction.atomic():
            attempt()

    assert Deed.objects.values().get() == stored


def test_the_chain_holds_and_every_deed_is_in_it_once(acme: Customer) -> None:
    deeds = [record(TESTED, on=acme, by=None, reason=f"{number}") for number in range(5)]
    assert (chain.seal(), chain.seal()) == (5, 0)
    deeds.append(record(TESTED, on=acme, by=None, reason="ü\n\"'"))
    assert chain.seal() == 1

    places = Deed.objects.order_by("pk").values_list("pk", "position")
    assert list(places) == [(deed.pk, place) for place, deed in enumerate(deeds, start=1)]
    head = chain.head()
    assert head is not None
    assert head.position == 6
    assert list(chain.faults(at=_now(), known=head)) == []


@pytest.mark.parametrize(
    ("tampering", "told"),
    [
        ("UPDATE core_deed SET reason = 'another' WHERE position = 2", "Deed 2 was changed."),
        ("UPDATE core_deed SET at = at - interval '1 day' WHERE position = 2", "Deed 2 was changed."),
        ("DELETE FROM core_deed WHERE position = 2", "Deeds 2 to 2 are missing."),
        ("DELETE FROM core_deed WHERE position = 4", "The chain ends at deed 3, but deed 4 was written down."),
    ],
)
def test_the_owner_of_the_database_cannot_change_the_past_unseen(acme: Customer, tampering: str, told: str) -> None:
    for number in range(4):
        record(TESTED, on=acme, by=None, reason=f"{number}")
    chain.seal()
    head = chain.head()

    _as_superuser(tampering)

    assert list(chain.faults(at=_now(), known=head)) == [told]


def test_a_chain_computed_again_after_a_change_is_not_the_one_that_was_written_down(acme: Customer) -> None:
    for number in range(3):
        record(TESTED, on=acme, by=None, reason=f"{number}")
    chain.seal()
    head = chain.head()

    _as_superuser("UPDATE core_deed SET reason = 'another', position = NULL, digest = NULL WHERE position = 2")
    _as_superuser("UPDATE core_deed SET position = NULL, digest = NULL WHERE position = 3")
    chain.seal()

    assert list(chain.faults(at=_now())) == []
    assert list(chain.faults(at=_now(), known=head)) == ["The chain up to deed 3 is not the one that was written down."]


@pytest.mark.django_db(transaction=True)
def test_no_writer_waits_for_another_and_what_commits_late_is_sealed_later() -> None:
    customer = CustomerFactory.create()
    with transaction.atomic():
        late = record(TESTED, on=customer, by=None, reason="commits last")
        with ThreadPoolExecutor(1) as other:
            assert other.submit(_record_and_seal, customer).result(timeout=30) == 1
    assert chain.seal() == 1

    places = dict(Deed.objects.values_list("reason", "position"))
    assert places == {"commits first": 1, "commits last": 2}
    assert late.pk < Deed.objects.get(position=1).pk
    assert list(chain.faults(at=_now(), known=chain.head())) == []


def _record_and_seal(customer: Customer) -> int:
    try:
        with transaction.atomic():
            record(TESTED, on=customer, by=None, reason="commits first")
        return chain.seal()
    finally:
        connection.close()


def test_a_part_of_the_chain_is_verified_from_the_digest_before_it(acme: Customer) -> None:
    for number in (1, 2, 3):
        record(TESTED, on=acme, by=None, reason=f"{number}")
    chain.seal()
    for place in (1, 2, 3):
        _as_superuser(f"UPDATE core_deed SET reason = 'changed {place}' WHERE position = {place}")

    assert list(chain.faults(at=_now(), span=chain.Span(2, 3))) == ["Deed 2 was changed.", "Deed 3 was changed."]
    assert list(chain.faults(at=_now(), span=chain.Span(1, 0))) == []


def test_a_head_is_read_as_it_was_logged() -> None:
    head = chain.Head(120, "ab" * 32)

    assert chain.Head.read(f" {head}\n") == head
    for text in ("", "120", "120:ab", f"0:{'ab' * 32}", f"x:{'ab' * 32}", f"1:{'zz' * 32}"):
        with pytest.raises(ValueError, match=r".*"):
            chain.Head.read(text)


def test_deeds_that_stay_out_of_the_chain_are_told(acme: Customer) -> None:
    record(TESTED, on=acme, by=None)

    assert list(chain.faults(at=_now())) == []
    assert list(chain.faults(at=_now() + timedelta(minutes=11))) == [
        "1 deed is not in the chain yet, after more than 10 minutes."
    ]


def _as_superuser(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement)
        cursor.execute("SET LOCAL session_replication_role = origin")
