"""Whatever is tried in any order: a dispute takes exactly the steps that its state allows, and a refusal changes nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing_engine.core.errors import Refused
from invoices.models import Invoice
from receivables.domain.disputes.conversation import answer, ask_for_evidence, ask_for_second_look, withdraw
from receivables.domain.disputes.deciding import accept, reject
from receivables.domain.disputes.disputed import disputed_of
from receivables.models import CreditNote, Dispute
from tests.invoices.made import a_draft, issued
from tests.receivables.disputes.made import CONTACT, NOVEMBER_10, a_dispute

# What each step makes of each state; nothing else is allowed. Frank rejects first, fay takes second looks.
ALLOWED = {
    "ask": {"open": "waiting"},
    "answer": {"open": "open", "waiting": "open", "second_look": "second_look"},
    "accept": dict.fromkeys(("open", "waiting", "second_look"), "accepted"),
    "reject": dict.fromkeys(("open", "waiting", "second_look"), "rejected"),
    "withdraw": dict.fromkeys(("open", "waiting", "second_look"), "withdrawn"),
    "look": {"rejected": "second_look"},
}


@pytest.fixture
def invoice(frank: User) -> Invoice:
    return issued(a_draft(3, 5), frank)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.sampled_from(sorted(ALLOWED)), min_size=1, max_size=7))
@pytest.mark.django_db
def test_a_dispute_takes_exactly_the_steps_that_its_state_allows(
    invoice: Invoice, frank: User, fay: User, names: list[str]
) -> None:
    with transaction.atomic():
        _take(names, a_dispute(invoice), frank, fay, invoice)
        transaction.set_rollback(True)


def _take(names: list[str], dispute: Dispute, frank: User, fay: User, invoice: Invoice) -> None:
    state, looked, taken = "open", False, 1
    for name in names:
        by = fay if state == "second_look" else frank
        now = ALLOWED[name].get(state)
        if name == "look" and looked:
            now = None
        if now is None:
            with pytest.raises(Refused):
                STEPS[name](dispute, by)
        else:
            STEPS[name](dispute, by)
            state, looked, taken = now, looked or name == "look", taken + 1
        dispute.refresh_from_db()
        assert (dispute.state, dispute.steps.count()) == (state, taken)
        is_undecided = state in Dispute.UNDECIDED
        assert set(dispute.charges.values_list("is_undecided", flat=True)) == {is_undecided}
        assert disputed_of(invoices=[invoice.pk]) == ({invoice.pk: dispute.total} if is_undecided else {})
        assert CreditNote.objects.count() == (state == "accepted")


STEPS: dict[str, Callable[[Dispute, Any], object]] = {
    "ask": lambda dispute, by: ask_for_evidence(dispute, words="More?", by=by, at=NOVEMBER_10),
    "answer": lambda dispute, _: answer(dispute, words="Here.", by=CONTACT, at=NOVEMBER_10),
    "accept": lambda dispute, by: accept(dispute, words="Yes.", by=by, at=NOVEMBER_10),
    "reject": lambda dispute, by: reject(dispute, words="No.", by=by, at=NOVEMBER_10),
    "withdraw": lambda dispute, _: withdraw(dispute, words="", by=CONTACT, at=NOVEMBER_10),
    "look": lambda dispute, _: ask_for_second_look(dispute, words="Again.", by=CONTACT, at=NOVEMBER_10),
}
