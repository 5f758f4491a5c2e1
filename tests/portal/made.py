"""People of customers, and how they come in."""

from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.utils.timezone import now

from billing_engine.accounts.domain.customer_people import enroll
from billing_engine.accounts.models import CustomerPerson
from leads.domain.memberships.portal import portal_of
from leads.models import Customer, MemberRole, Membership

PASSWORD = "a long password"
LOGIN = "/portal/log-in/"


def a_person(*customers: Customer, role: MemberRole = MemberRole.VIEWER, email: str = "imo@northlight.example") -> User:
    """A person of these customers, with a password."""
    person = enroll(email=email, name="Imo Farrowgate", password=PASSWORD, at=now())
    for customer in customers:
        join(person, customer, role)
    return person.user


def join(person: CustomerPerson, customer: Customer, role: MemberRole = MemberRole.VIEWER) -> Membership:
    portal_of(customer)
    return Membership.objects.create(person=person, customer=customer, role=role, since=now())


def logged_in(user: User) -> Client:
    """A browser in which the person logged in with the form."""
    client = Client()
    answer = client.post(LOGIN, {"login": user.username, "password": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()
    return client


def home(customer: Customer) -> str:
    """The address of the customer's portal."""
    return f"/portal/{portal_of(customer).public_id}/"


def link_in_the_mail() -> str:
    """The path of the link in the latest email."""
    [line] = [line for line in str(mail.outbox[-1].body).splitlines() if line.startswith("http")]
    parts = urlsplit(line)
    return f"{parts.path}?{parts.query}"
