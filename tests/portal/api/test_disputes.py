"""Disputes by a program: opened, answered, withdrawn, looked at again; on record as done by the key."""

from base64 import b64encode
from typing import Any

import pytest
from django.utils.timezone import now

from billing_engine.core.models import Deed
from leads.models import Customer
from pricing.models import Charge
from receivables.domain.disputes.deciding import reject
from receivables.models import Dispute, DisputeFile, DisputeStep
from tests.factories.people import superuser
from tests.portal.api.made import CONTACT, Program, a_key
from tests.portal.made import an_invoice
from tests.portal.test_isolation import ids_in

pytestmark = pytest.mark.django_db
FILE = {"name": "bounce.txt", "content": b64encode(b"550 no such user").decode()}


@pytest.fixture
def program(northlight: Customer) -> Program:
    return Program(a_key(northlight))


@pytest.fixture
def charges(northlight: Customer) -> list[str]:
    invoice = an_invoice(northlight, 3, 4)
    found = Charge.objects.filter(period=invoice.period, amount__gt=0).order_by("pk")
    return [ids_in(northlight, {"charge": each})["charge"] for each in found]


def test_a_program_disputes_a_charge_answers_and_withdraws(program: Program, charges: list[str]) -> None:
    body = {"charges": charges[:1], "reason": "duplicate", "words": "Twice.", "files": [FILE]}

    opened = program.post("disputes", body)

    assert opened.status_code == 201, opened.content
    told = opened.json()
    assert (told["state"], told["amount"], told["contact"], told["charge_count"]) == ("open", "7.50", CONTACT, 1)
    assert program.post("disputes", body).json()["code"] == "disputed_before"
    assert Dispute.objects.count() == 1
    [file] = told["steps"][0]["files"]
    assert program.get(f"dispute-files/{file['file']}").content == b"550 no such user"
    assert program.read("disputes")["results"][0]["dispute"] == told["dispute"]
    assert program.read(f"charges/{charges[0]}")["dispute"] == told["dispute"]

    program.post(f"disputes/{told['dispute']}/answer", {"words": "One more thing."})
    done = program.post(f"disputes/{told['dispute']}/withdrawal").json()
    assert [step["kind"] for step in done["steps"]] == ["opened", "answered", "withdrawn"]
    assert (done["state"], {step["contact"] for step in done["steps"]}) == ("withdrawn", {CONTACT})
    late = program.post(f"disputes/{told['dispute']}/answer", {"words": "Late."})
    assert (late.status_code, late.json()["code"]) == (409, "dispute_in_wrong_state")
    actors = set(Deed.objects.filter(verb__startswith="dispute_").values_list("actor_name", flat=True))
    assert len(actors) == 1
    assert actors.pop().startswith("Warehouse (lbc_")


def test_a_whole_line_is_disputed_and_a_rejection_is_looked_at_again(
    northlight: Customer, program: Program, charges: list[str]
) -> None:
    line = program.read(f"charges/{charges[0]}")["line"]

    told = program.post("disputes", {"line": line, "reason": "duplicate", "words": "All of it."}).json()
    dispute = Dispute.objects.get()
    assert (told["total"], told["charge_count"]) == ("17.50", 2)
    reject(dispute, words="They are two people.", by=superuser(), at=now())
    again = program.post(f"disputes/{told['dispute']}/second-look", {"words": "Please look again."}).json()

    assert (again["state"], [step["kind"] for step in again["steps"]]) == (
        "second_look",
        ["opened", "rejected", "second_look"],
    )
    assert program.post(f"disputes/{told['dispute']}/second-look").status_code == 409


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, [("reason", None, "required")]),
        ({"reason": "duplicate"}, [("charges", None, "line_or_charges")]),
        ({"reason": "nonsense", "charges": ["ID"]}, [("reason", None, "unknown_reason")]),
        ({"reason": "duplicate", "charges": []}, [("charges", None, "empty")]),
        ({"reason": "duplicate", "charges": ["ID", None]}, [("charges", 1, "null")]),
        ({"reason": "duplicate", "charges": ["ID"], "note": "x"}, [("note", None, "unknown_field")]),
        ({"reason": "duplicate", "charges": ["ID"], "words": "a\0b"}, [("words", None, "null_characters_not_allowed")]),
        (
            {"reason": "duplicate", "charges": ["ID"], "files": [FILE, {"name": "a.txt", "content": "é"}]},
            [("files.content", 1, "not_base64")],
        ),
        (
            {"reason": "duplicate", "charges": ["ID"], "files": [FILE, {"name": "a.txt"}]},
            [("files.content", 1, "required")],
        ),
        (
            {"reason": "duplicate", "charges": ["ID"], "files": [{"name": "a.exe", "content": "TVo="}]},
            [("files", None, "wrong_kind")],
        ),
        ([], [("", None, "not_an_object")]),
    ],
)
def test_what_is_wrong_is_named_with_its_field_and_nothing_is_opened(
    program: Program, charges: list[str], body: Any, faults: list[tuple[str, int | None, str]]
) -> None:
    if isinstance(body, dict) and "charges" in body:
        body = body | {"charges": [charges[0] if each == "ID" else each for each in body["charges"]]}

    answer = program.client.post(
        "/api/v1/customer/disputes", body, content_type="application/json", headers=program.headers
    )

    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert [(each["field"], each["row"], each["code"]) for each in answer.json()["faults"]] == faults
    assert (Dispute.objects.count(), DisputeStep.objects.count(), DisputeFile.objects.count()) == (0, 0, 0)


def test_a_charge_that_is_not_there_is_named_by_its_place(program: Program, charges: list[str]) -> None:
    answer = program.post("disputes", {"charges": [charges[0], "x" * 22], "reason": "duplicate"})

    assert (answer.status_code, answer.json()["pointer"]) == (404, "/charges/1")
    assert Dispute.objects.count() == 0


def test_a_body_that_is_no_json_or_too_large_is_refused(program: Program) -> None:
    sent = {"content_type": "application/json", "headers": program.headers}

    no_json = program.client.post("/api/v1/customer/disputes", "{", **sent)
    too_large = program.client.post("/api/v1/customer/disputes", "{}", **sent, CONTENT_LENGTH="16000001")

    assert (no_json.status_code, no_json.json()["code"]) == (400, "parse_error")
    assert (too_large.status_code, too_large.json()["code"]) == (413, "body_too_large")
