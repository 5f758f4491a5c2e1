"""A person chooses alerts of figures that the person may see: whole kinds, or one customer or source."""

import pytest
from django.contrib.auth.models import User

from billing_engine.core.models import Deed
from reports.domain.alerts import subscriptions
from reports.domain.alerts.subscriptions import (
    ChosenAlready,
    NotYours,
    TooMany,
    WrongSubject,
    choose_kinds,
    choose_one,
    leave,
)
from reports.models import AlertSubscription
from tests.factories.leads import CustomerFactory, SourceFactory
from tests.factories.people import UserFactory, with_role
from tests.invoices.made import NOVEMBER_3

pytestmark = pytest.mark.django_db


def chosen() -> list[tuple[str, bool]]:
    return list(AlertSubscription.objects.order_by("pk").values_list("kind", "by_email"))


def deeds(by: User) -> list[str]:
    return list(Deed.objects.filter(person=by).order_by("pk").values_list("verb", flat=True))


def test_each_kind_is_by_email_or_only_in_the_list_or_off_and_each_change_is_one_deed(mara: User) -> None:
    assert choose_kinds({"budget": "email", "silence": "page", "spend": "off"}, by=mara, at=NOVEMBER_3) == 2
    assert chosen() == [("budget", True), ("silence", False)]

    assert choose_kinds({"budget": "page", "silence": "off"}, by=mara, at=NOVEMBER_3) == 2
    assert chosen() == [("budget", False)]
    assert choose_kinds({"budget": "page", "silence": "off"}, by=mara, at=NOVEMBER_3) == 0
    assert deeds(mara) == ["alerts_chosen", "alerts_chosen", "alerts_changed", "alerts_left"]


def test_one_customer_or_source_is_chosen_once_by_its_kind(mara: User) -> None:
    customer, source = CustomerFactory.create(name="Acme"), SourceFactory.create()
    choice = choose_one("budget", by=mara, at=NOVEMBER_3, customer=customer, by_email=False)
    choose_one("silence", by=mara, at=NOVEMBER_3, source=source)

    assert (str(choice), chosen()) == ("Budget used of Acme", [("budget", False), ("silence", True)])
    with pytest.raises(ChosenAlready):
        choose_one("budget", by=mara, at=NOVEMBER_3, customer=customer)
    for kind, about in (("budget", {"source": source}), ("silence", {"customer": customer}), ("unrated", {})):
        with pytest.raises(WrongSubject):
            choose_one(kind, by=mara, at=NOVEMBER_3, **about)
    with pytest.raises(WrongSubject):
        choose_one("silence", by=mara, at=NOVEMBER_3, source=source, customer=customer)
    assert (len(chosen()), deeds(mara)) == (2, ["alerts_chosen"] * 2)


def test_nobody_chooses_an_alert_of_what_they_may_not_see() -> None:
    stranger = UserFactory.create()

    for kind in ("budget", "silence", "nonsense"):
        with pytest.raises(NotYours):
            choose_kinds({kind: "email"}, by=stranger, at=NOVEMBER_3)
        with pytest.raises(NotYours):
            choose_one(kind, by=stranger, at=NOVEMBER_3, source=SourceFactory.create())
    assert (chosen(), deeds(stranger)) == ([], [])


def test_a_person_removes_only_own_choices(mara: User) -> None:
    choice = choose_one("silence", by=mara, at=NOVEMBER_3, source=SourceFactory.create())
    other = with_role("Operations")

    with pytest.raises(NotYours):
        leave(choice, by=other)
    assert (len(chosen()), deeds(other)) == (1, [])

    leave(choice, by=mara)

    assert (chosen(), deeds(mara)) == ([], ["alerts_chosen", "alerts_left"])


def test_the_choices_of_a_person_are_bounded(mara: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "MOST", 1)
    choose_one("silence", by=mara, at=NOVEMBER_3, source=SourceFactory.create())

    with pytest.raises(TooMany):
        choose_one("silence", by=mara, at=NOVEMBER_3, source=SourceFactory.create())
    assert len(chosen()) == 1
