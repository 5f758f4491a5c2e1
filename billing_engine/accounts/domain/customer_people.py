"""People of customers: they are in the same table as staff, and each person is of one kind."""

from datetime import datetime

from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from billing_engine.accounts.models import CustomerPerson
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused

ENROLLED = Verb("customer_person_enrolled", "Set up a log-in to the portal")


class NotOfACustomer(Refused):
    code = "not_of_a_customer"
    message = "This address can't be invited. Use another one."


def is_of_a_customer(user: object) -> bool:
    """Whether the person is of a customer, and not staff."""
    return isinstance(user, User) and user.is_authenticated and CustomerPerson.objects.filter(user=user).exists()


def person_with(email: str) -> CustomerPerson | None:
    """Return the person of a customer with this address, if any. Raises NotOfACustomer if the address is of staff."""
    user = User.objects.filter(Q(email__iexact=email) | Q(username__iexact=email)).first()
    if user is None:
        return None
    person = CustomerPerson.objects.filter(user=user).select_related("user").first()
    if person is None:
        raise NotOfACustomer
    return person


@transaction.atomic
def enroll(*, email: str, name: str, password: str, at: datetime) -> CustomerPerson:
    """Create a person of a customer whose address is verified, because a link sent to it was opened."""
    first, _, last = name.partition(" ")
    user = User.objects.create_user(email, email=email, password=password, first_name=first, last_name=last)
    EmailAddress.objects.create(user=user, email=email.lower(), verified=True, primary=True)
    person = CustomerPerson.objects.create(user=user, enrolled_at=at)
    record(ENROLLED, on=user, by=user)
    return person


def has_verified(user: User, email: str) -> bool:
    """Whether the person proved that the address is theirs."""
    return bool(EmailAddress.objects.filter(user=user, email__iexact=email, verified=True).exists())
