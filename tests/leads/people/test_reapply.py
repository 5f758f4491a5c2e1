"""A restore brings erased people back; the ledger outside the database erases them again."""

import json
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from billing_engine.core.outside.objects import archive
from leads.domain.intake.receive import receive
from leads.domain.people.erase import ERASURES, ask_erasure
from leads.domain.people.person import Person
from leads.domain.pseudonyms import pseudonym
from leads.models import Lead, Source
from tests.leads.people.conftest import MARKER, NOW, OTHER, lead, sent

pytestmark = pytest.mark.django_db
BODY = sent(lead(), lead("L-2", contact=OTHER))


def said() -> str:
    out = StringIO()
    call_command("reapply_erasures", stdout=out)
    return out.getvalue()


def erased(by: User) -> None:
    erasure = ask_erasure(Person.given(email=MARKER["email"]), reason="Request 17", by=by, at=NOW)
    while ERASURES.work(erasure.pk, at=NOW):
        pass


def test_who_comes_back_with_a_restore_is_erased_again_and_nobody_else(source: Source, operator: User) -> None:
    receive(source, body=BODY, content_type="application/json", received_at=NOW)
    erased(operator)
    [name] = archive().names("erasures/")
    assert json.loads(archive().take(name)) == {
        "pseudonyms": [pseudonym("mara.kerzinski@marker.example")],
        "erased_at": "2026-10-15T12:00:00Z",
    }
    Lead.objects.filter(external_id="L-1").update(
        name=MARKER["name"], email=MARKER["email"], person_key="mara.kerzinski@marker.example"
    )

    words = said()

    assert words.endswith("Everyone in the ledger is erased.\n")
    assert [(each.email, each.name) for each in Lead.objects.order_by("pk")] == [
        ("", ""),
        (OTHER["email"], OTHER["name"]),
    ]
    assert said() == "Everyone in the ledger is erased.\n"


def test_who_came_back_by_themselves_after_the_erasure_stays(source: Source, operator: User) -> None:
    receive(source, body=BODY, content_type="application/json", received_at=NOW)
    erased(operator)
    Lead.objects.filter(external_id="L-1").update(
        email=MARKER["email"], person_key="mara.kerzinski@marker.example", received_at=NOW.replace(day=16)
    )

    said()

    assert Lead.objects.get(external_id="L-1").email == MARKER["email"]


def test_without_a_key_nobody_can_be_erased_again(source: Source, settings: object) -> None:
    settings.PSEUDONYM_KEY = ""  # type: ignore[attr-defined]  # pytest-django's

    with pytest.raises(CommandError, match="Set PSEUDONYM_KEY first"):
        said()
