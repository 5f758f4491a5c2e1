"""People of customers, and how they come in."""

from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.utils.timezone import now

from billing_engine.accounts.domain.customer_people import enroll
from billing_engine.accounts.models import CustomerPerson
from invoices.models import Invoice, InvoiceLine
from leads.domain.memberships.portal import portal_of
from leads.models import Customer, MemberRole, Membership
from pricing.models import PriceRule
from receivables.models import CreditNote
from tests.factories.leads import BillingPeriodFactory
from tests.factories.people import superuser
from tests.invoices.made import a_price, billed, issued, received
from tests.receivables.credit_notes.made import an_issued_note

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


def an_invoice(customer: Customer, *quantities: int) -> Invoice:
    """October of this customer, with one action of each quantity at $2.50 and a test lead, issued on November 3."""
    if not PriceRule.objects.filter(currency=customer.currency).exists():
        a_price(name="Internal margin rule", currency=customer.currency)
    period = customer.periods.first() or BillingPeriodFactory.create(customer=customer)
    received(period, *(quantities or (3,)), email="maren@studio-arden.example")
    received(period, 1, is_test=True, email="test@studio-arden.example")
    return issued(billed(period), superuser())


def a_credit_note(invoice: Invoice, amount: str = "1.00") -> CreditNote:
    """A credit note on the first line."""
    line = invoice.lines.select_related("product").get(kind=InvoiceLine.Kind.CHARGES)
    assert line.product is not None
    return an_issued_note(superuser(), invoice, {line.product.name: amount})
