"""Two people at once, in processes of their own: money is matched, paid back and read from a file only once."""

import pytest

from receivables.models import Allocation, BankFile, LedgerDocument
from tests.factories.leads import CustomerFactory
from tests.factories.people import UserFactory
from tests.processes import at_once
from tests.receivables.payments.banks import an_account, camt, entry
from tests.receivables.payments.test_payments import left, owes, paid

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

ACT = """
from decimal import Decimal
from django.contrib.auth.models import User
from billing_engine.core.errors import Refused
from receivables.domain.payments.allocate import allocate, take_allocation_back
from receivables.domain.payments.bank_files.upload import upload
from receivables.domain.payments.returning import refund, return_payment
from receivables.models import Allocation, LedgerDocument
document, by = LedgerDocument.objects.get, User.objects.get(pk={by})
try:
    {does}
    print("done")
except Refused as refusal:
    print(refusal.code)
"""


def said(*acts: str) -> list[str]:
    by = UserFactory.create().pk
    return sorted(at_once(*(ACT.format(by=by, does=each) for each in acts)))


def test_a_payment_is_allocated_or_refunded_up_to_its_sum_only_once():
    customer = CustomerFactory.create()
    payment, first, second = paid(customer, 100), owes(customer, 100), owes(customer, 100)
    to = f"allocate(document(pk={payment.pk}), by=by, at=now(), to=[document(pk={{}})])"
    back = f"refund(document(pk={payment.pk}), Decimal(100), on=now().date(), by=by, at=now(), reason='asked')"

    answers = said(to.format(first.pk), to.format(second.pk), back)

    assert answers.count("done") == 1
    assert set(answers) <= {"done", "nothing_to_allocate", "not_returned"}
    assert left(payment) == [0]
    assert [each.amount for each in Allocation.objects.all()] == [100]


def test_an_allocation_is_taken_back_once_also_beside_the_return_of_its_payment():
    customer = CustomerFactory.create()
    item, payment = owes(customer, 100), paid(customer, 100)
    [made] = Allocation.objects.all()
    take = f"take_allocation_back(Allocation.objects.get(pk={made.pk}), by=by, at=now())"
    bounce = f"return_payment(document(pk={payment.pk}), on=now().date(), by=by, at=now(), reason='bounced')"

    answers = said(take, take, bounce)

    assert answers.count("done") in (1, 2)
    assert set(answers) <= {"done", "allocation_not_taken_back"}
    assert Allocation.objects.filter(takes_back=made).count() == 1
    assert left(item, payment) == [100, 0]
    assert LedgerDocument.objects.filter(kind="return").count() == 1


def test_the_same_bank_file_from_two_browsers_is_kept_once():
    an_account()
    content = camt(entry("5", "thanks"), closing="5")

    assert said(*2 * [f"upload({content!r}, name='november.xml', by=by, at=now())"]) == ["done", "duplicate_bank_file"]
    assert BankFile.objects.count() == 1
