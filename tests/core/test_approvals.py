"""Approvals: one person asks, a second one who wrote no part of it decides."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import IntegrityError, connection, transaction

from billing_engine.core.approvals import kinds
from billing_engine.core.approvals.kinds import Kind, nothing_to_do
from billing_engine.core.approvals.people import AuthorApproves, MayNotDecide, authors, who_may_decide
from billing_engine.core.approvals.requests import (
    AlreadyAsked,
    ChangedSince,
    NeedsWords,
    NotTheAsker,
    NotWaiting,
    SubjectGone,
    approve,
    ask,
    check_second_person,
    send_back,
    waiting_for,
    withdraw,
)
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.models import ApprovalRequest, Deed
from leads.models import Customer
from tests.factories.leads import CustomerFactory
from tests.factories.people import UserFactory, superuser

EDITED = Verb("tested_edited", "Edited")
PUT_IN_FORCE = Verb("tested_put_in_force", "Put in force")
AT = datetime(2026, 11, 28, 12, tzinfo=UTC)
State = ApprovalRequest.State


def _put_in_force(customer: Customer, by: User, at: datetime, reason: str) -> None:
    Customer.objects.filter(pk=customer.pk).update(name="In force")
    record(PUT_IN_FORCE, on=customer, by=by, reason=reason)


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch) -> Kind:
    monkeypatch.setattr(kinds, "_known", {})
    return kinds.register(
        Kind(
            code="tested",
            words="Customer",
            model=Customer,
            permission="leads.change_customer",
            written_by=frozenset({EDITED.code}),
            approve=_put_in_force,
            set_aside=nothing_to_do,
            page=lambda row: f"/admin/leads/customer/{row.pk}/change/",
        )
    )


@pytest.fixture
def acme(db: None) -> Customer:
    return CustomerFactory.create(name="ACME")


def _able(name: str) -> User:
    user = UserFactory.create(username=name)
    user.user_permissions.add(Permission.objects.get(content_type__app_label="leads", codename="change_customer"))
    return user


@pytest.fixture
def anna(db: None) -> User:
    return _able("anna")


@pytest.fixture
def ben(db: None) -> User:
    return _able("ben")


def _edit(row: Customer, by: User) -> None:
    record(EDITED, on=row, by=by)


def _asked(kind: Kind, on: Customer, by: User, **facts: Any) -> ApprovalRequest:
    return ask(kind, on=on, by=by, at=AT, reason="New contract", **facts)


def _everything() -> tuple[list[Any], list[Any], list[Any]]:
    return (
        list(ApprovalRequest.objects.order_by("pk").values()),
        list(Deed.objects.order_by("pk").values("pk", "verb")),
        list(Customer.objects.order_by("pk").values_list("name")),
    )


def _deeds() -> list[tuple[str, str, str]]:
    found = Deed.objects.order_by("pk").values_list("verb", "person__username", "reason")
    return [(verb, str(person), reason) for verb, person, reason in found]


def test_a_request_keeps_reason_difference_and_effect_and_its_approval_puts_the_subject_in_force(
    kind: Kind, acme: Customer, anna: User, ben: User
) -> None:
    effect = {"customers": [{"customer": "ACME", "now": "10.00", "then": "12.50", "currency": "USD"}]}

    request = _asked(kind, acme, anna, differences=[("Budget", None, 5)], effect=effect)

    assert waiting_for(acme, kind) == request
    assert (request.reason, request.differences, request.effect) == ("New contract", [["Budget", None, 5]], effect)
    assert (request.subject, request.subject_name) == (f"leads.customer:{acme.pk}", "ACME")

    approve(request, by=ben, at=AT, reason="Fine")

    request.refresh_from_db()
    assert (request.state, request.decided_by, request.decided_at, request.words) == (State.APPROVED, ben, AT, "Fine")
    assert Customer.objects.get().name == "In force"
    assert _deeds() == [("approval_asked", "anna", "New contract"), ("tested_put_in_force", "ben", "New contract")]
    assert waiting_for(acme, kind) is None


def test_all_who_wrote_part_of_it_and_who_asks_are_its_authors(
    kind: Kind, acme: Customer, anna: User, ben: User
) -> None:
    boss, carl = superuser(), _able("carl")
    _edit(acme, boss)
    _edit(acme, ben)
    request = _asked(kind, acme, anna)
    before = _everything()

    assert authors(acme, kind) == {anna.pk, ben.pk, boss.pk}
    for author in (anna, ben, boss):
        with pytest.raises(AuthorApproves):
            approve(request, by=author, at=AT)
        with pytest.raises(AuthorApproves):
            check_second_person(acme, kind, by=author)
    assert _everything() == before

    check_second_person(acme, kind, by=carl)
    approve(request, by=carl, at=AT)
    assert Customer.objects.get().name == "In force"


def test_what_was_edited_after_the_request_must_be_requested_again(
    kind: Kind, acme: Customer, anna: User, ben: User
) -> None:
    request = _asked(kind, acme, anna)
    _edit(acme, anna)
    before = _everything()

    with pytest.raises(ChangedSince):
        approve(request, by=ben, at=AT)
    assert _everything() == before

    again = _asked(kind, acme, anna)
    request.refresh_from_db()
    assert (request.state, waiting_for(acme, kind)) == (State.REPLACED, again)
    approve(again, by=ben, at=AT)


def test_the_same_approval_is_requested_once(kind: Kind, acme: Customer, anna: User, ben: User) -> None:
    _asked(kind, acme, anna)
    before = _everything()

    with pytest.raises(AlreadyAsked):
        _asked(kind, acme, ben)

    assert _everything() == before


def test_a_request_is_sent_back_with_words(kind: Kind, acme: Customer, anna: User, ben: User) -> None:
    request = _asked(kind, acme, anna)
    before = _everything()
    with pytest.raises(NeedsWords):
        send_back(request, by=ben, at=AT, words=" ")
    assert _everything() == before

    send_back(request, by=ben, at=AT, words="The budget is too high.")

    request.refresh_from_db()
    assert (request.state, request.words) == (State.SENT_BACK, "The budget is too high.")
    assert _deeds()[-1] == ("approval_sent_back", "ben", "The budget is too high.")
    with pytest.raises(NotWaiting, match="already sent back"):
        approve(request, by=ben, at=AT)
    assert Customer.objects.get().name == "ACME"


def test_only_the_person_who_asked_withdraws(kind: Kind, acme: Customer, anna: User, ben: User) -> None:
    request = _asked(kind, acme, anna)
    before = _everything()
    with pytest.raises(NotTheAsker):
        withdraw(request, by=ben, at=AT)
    assert _everything() == before

    withdraw(request, by=anna, at=AT)

    request.refresh_from_db()
    assert request.state == State.WITHDRAWN
    with pytest.raises(NotWaiting):
        approve(request, by=ben, at=AT)


def test_deciding_needs_the_permission_at_that_moment(kind: Kind, acme: Customer, anna: User, ben: User) -> None:
    viewer, gone = UserFactory.create(username="viewer"), _able("gone")
    request = _asked(kind, acme, anna)
    gone.is_active = False
    gone.save()
    before = _everything()

    for person in (viewer, gone):
        with pytest.raises(MayNotDecide):
            approve(request, by=person, at=AT)
        with pytest.raises(MayNotDecide):
            send_back(request, by=person, at=AT, words="No.")

    assert _everything() == before
    assert set(who_may_decide(kind)) == {anna, ben}


def test_what_was_deleted_is_not_approved_but_can_be_sent_back(
    kind: Kind, acme: Customer, anna: User, ben: User
) -> None:
    request = _asked(kind, acme, anna)
    with connection.cursor() as cursor:  # no page deletes a customer; drafts of rules, for example, are deleted
        cursor.execute("SET LOCAL session_replication_role = replica")
    acme.delete()

    with pytest.raises(SubjectGone):
        approve(request, by=ben, at=AT)
    send_back(request, by=ben, at=AT, words="It is gone.")

    request.refresh_from_db()
    assert request.state == State.SENT_BACK


def test_a_refusal_of_the_subjects_own_domain_leaves_the_request_waiting(
    acme: Customer, anna: User, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise NotWaiting("The month is locked.")

    monkeypatch.setattr(kinds, "_known", {})
    kind = kinds.register(
        Kind("tested", "Customer", Customer, "leads.change_customer", frozenset(), refuse, nothing_to_do, str)
    )
    request = _asked(kind, acme, anna)
    before = _everything()

    with pytest.raises(NotWaiting, match="The month is locked"):
        approve(request, by=ben, at=AT)

    assert _everything() == before


def test_the_database_refuses_an_approval_by_an_author_and_any_change_of_a_decision(
    kind: Kind, acme: Customer, anna: User, ben: User
) -> None:
    carl = _able("carl")
    _edit(acme, ben)
    request = _asked(kind, acme, anna)
    rows = ApprovalRequest.objects.filter(pk=request.pk)
    approved = {"state": State.APPROVED, "decided_at": AT}

    _refused(lambda: rows.update(decided_by=anna, **approved))
    _refused(lambda: rows.update(decided_by=ben, **approved))
    _refused(lambda: rows.update(decided_by=carl, authors=[anna.pk], **approved))
    _refused(lambda: rows.update(reason="another"))
    _refused(lambda: rows.update(state=State.WITHDRAWN, decided_by=ben, decided_at=AT))
    _refused(lambda: rows.update(state=State.SENT_BACK, decided_by=ben, decided_at=AT))
    _refused(lambda: rows.update(state=State.APPROVED))
    _refused(rows.delete)
    approve(request, by=carl, at=AT)
    _refused(lambda: rows.update(state=State.WAITING, decided_by=None, decided_at=None))
    _refused(lambda: rows.update(words="another"))
    _refused(rows.delete)
    _refused(
        lambda: ApprovalRequest.objects.create(kind="tested", subject="x:1", asked_by=anna, asked_at=AT, authors=[])
    )
    _refused(
        lambda: ApprovalRequest.objects.create(
            kind="tested", subject="x:1", asked_by=anna, asked_at=AT, authors=[anna.pk], decided_by=ben, **approved
        )
    )


def _refused(attempt: Any) -> None:
    before = _everything()
    with pytest.raises(IntegrityError), transaction.atomic():
        attempt()
    assert _everything() == before


def test_a_kind_is_registered_once(kind: Kind) -> None:
    with pytest.raises(ValueError, match="twice"):
        kinds.register(kind)

    assert kinds.kinds() == {"tested": kind}
