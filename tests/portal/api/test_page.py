"""`docs/customer-api.md` is correct: its requests are sent, and its tables are compared with the code."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.urls import reverse

from leads.models import Customer, CustomerKey
from portal.api.examples import CHARGE, CHARGE_ID, DISPUTE, INVOICE, OPEN, WHOLE_INVOICE
from portal.api.urls import urlpatterns
from pricing.models import Charge
from tests.house.tree import ROOT, codes, table
from tests.portal.api.made import Program, a_key
from tests.portal.made import an_invoice
from tests.portal.test_isolation import ids_in

pytestmark = pytest.mark.django_db
PAGE = (ROOT / "docs" / "customer-api.md").read_text(encoding="utf-8")
NAMED_BY_OTHERS = {"action", "lead", "source", "sku", "product", "number"}
ID = re.compile(r"[\w-]{22}")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```\w+ {kind}\n([\s\S]*?)^```$", PAGE, re.MULTILINE)


def alike(answer: Any, printed: Any, name: str = "") -> Any:
    """The answer with what differs each time as it is printed: IDs, and names that others gave."""
    if isinstance(answer, dict) and isinstance(printed, dict):
        return {key: alike(part, printed.get(key), key) for key, part in answer.items()}
    if isinstance(answer, list) and isinstance(printed, list) and len(answer) == len(printed):
        return [alike(one, other, name) for one, other in zip(answer, printed, strict=True)]
    if isinstance(answer, str) and isinstance(printed, str):
        both_ids = ID.fullmatch(answer) and ID.fullmatch(printed)
        return printed if name in NAMED_BY_OTHERS or both_ids else answer
    return answer


@pytest.fixture
def _still(_november: None) -> Iterator[None]:
    with time_machine.travel("2026-11-10T12:00:00Z", tick=False):
        yield


@pytest.mark.usefixtures("_still")
def test_every_request_on_the_page_is_answered_as_printed(northlight: Customer) -> None:
    invoice = an_invoice(northlight, 3, 4)
    charge = Charge.objects.filter(period=invoice.period, amount__gt=0).order_by("pk")[0]
    real = ids_in(northlight, {"charge": charge, "invoice": invoice})
    program, printed = Program(a_key(northlight)), [json.loads(each) for each in blocks("answer")]

    answers = []
    for block in blocks("request"):
        [path] = re.findall(
            r"https://billing\.example/api/v1/customer/([^' ]*)", block.replace(CHARGE_ID, real["charge"])
        )
        data = re.findall(r"--data '([^']*)'", block.replace(CHARGE_ID, real["charge"]))
        answers.append((program.post(path, json.loads(data[0])) if data else program.get(path)).json())

    assert [alike(one, other) for one, other in zip(answers, printed, strict=True)] == printed
    assert printed[:2] == [CHARGE, DISPUTE]
    assert json.loads(re.findall(r"--data '([^']*)'", PAGE)[0]) == OPEN
    told = program.read(f"invoices/{real['invoice']}")
    assert told.keys() == WHOLE_INVOICE.keys()
    [listed] = program.read("invoices")["results"]
    assert alike(listed, INVOICE) == INVOICE | {"disputed": "7.50", "to_pay": "10.00"}


def test_every_address_is_on_the_page() -> None:
    printed = [codes(row[0])[0].removeprefix("/") for row in table(PAGE, "address", "what it answers")]

    assert sorted(printed) == sorted(re.sub(r"<str:(\w+)>", r"{\1}", str(each.pattern)) for each in urlpatterns)
    assert reverse("customer-key") == "/api/v1/customer/key"
    assert reverse("customer-key", urlconf="portal.urls") == "/api/v1/customer/key"  # at the portal's own host, too


def test_scopes_and_the_rate_limit_are_on_the_page() -> None:
    assert [codes(row[0])[0] for row in table(PAGE, "scope", "what it allows")] == CustomerKey.Scope.values
    assert f"each key has {settings.CUSTOMER_REQUESTS_PER_MINUTE} requests a minute" in PAGE
