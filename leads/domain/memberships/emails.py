"""Who of a customer gets which emails: what each person chose, and links that stop them with one click.

Emails about money owed go to the billing contacts, whatever anyone chose.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Model
from django.urls import reverse
from django.utils.http import urlencode

from billing_engine.accounts.login.door import PORTAL_ADDRESSES
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.letters.brand import Brand, portal_site
from billing_engine.core.letters.letter import Note
from leads.domain.memberships.addresses import portal_address
from leads.models import Customer, EmailChoice, EmailTopic, MemberRole, Membership

EMAILS_CHOSEN = Verb("email_choice_changed", "Changed which emails a person gets")

SALT = "leads.email_choice"
ABOUT_MONEY = "Emails about money owed can’t be switched off."


class LinkIsBroken(Refused):
    """A link to stop emails was cut or changed on its way."""

    code = "email_link_is_broken"
    message = "This link is incomplete. Open it from the email, or log in and change it under Settings, Emails."


@dataclass(frozen=True, slots=True)
class Reader:
    """One address of a customer, and a topic that it is told about or not."""

    customer: Customer
    email: str
    topic: EmailTopic

    @property
    def is_wanted(self) -> bool:
        """Whether this address gets emails about the topic; one that is not known otherwise does until it says no."""
        of_customer = {"customer": self.customer}
        chosen = EmailChoice.objects.filter(**of_customer, topic=self.topic, email__iexact=self.email).first()
        if chosen is not None:
            return chosen.is_wanted
        is_member = Membership.objects.filter(**of_customer, person__user__email__iexact=self.email).exists()
        return not is_member or self.email.lower() in map(str.lower, readers_of(self.customer, self.topic))


def readers_of(customer: Customer, topic: EmailTopic, *, on: date | None = None, also: Iterable[str] = ()) -> list[str]:
    """Return the addresses that get emails about a topic: each once, however it is spelled.

    Without a choice of their own, billing contacts do, and so do `also` and people who may dispute; of statements, only
    the billing contacts.
    """
    contacts = customer.terms.on(on or customer.today).billing_contacts
    found = {email.lower(): email for email in (*contacts, *also) if _is_address(email)}
    people = Membership.objects.filter(customer=customer, person__user__is_active=True).select_related("person__user")
    members = {each.person.user.email.lower(): each for each in people.order_by("pk")}
    told = set(found)
    if topic != EmailTopic.STATEMENTS:
        told |= {email for email, each in members.items() if MemberRole(each.role).includes(MemberRole.BILLING)}
    known = {**found, **{email: each.person.user.email for email, each in members.items() if email not in found}}
    choices = EmailChoice.objects.filter(customer=customer, topic=topic).values_list("email", "is_wanted")
    chosen = {email.lower(): is_wanted for email, is_wanted in choices}
    return [address for email, address in known.items() if chosen.get(email, email in told)]


@transaction.atomic
def choose(reader: Reader, *, is_wanted: bool, by: Model, at: datetime) -> None:
    """Switch a topic on or off for one address. The same choice again changes nothing."""
    Customer.objects.select_for_update(no_key=True).get(pk=reader.customer.pk)  # two at once would both insert
    if reader.is_wanted == is_wanted:
        return
    rows = EmailChoice.objects.filter(customer=reader.customer, email__iexact=reader.email, topic=reader.topic)
    if not rows.update(is_wanted=is_wanted, chosen_at=at):
        EmailChoice.objects.create(
            customer=reader.customer, email=reader.email, topic=reader.topic, is_wanted=is_wanted, chosen_at=at
        )
    words = {True: "on", False: "off"}
    told = {"email": reader.email, reader.topic.label: words[is_wanted]}
    record(EMAILS_CHOSEN, on=reader.customer, by=by, before={reader.topic.label: words[not is_wanted]}, after=told)


def stop_address(reader: Reader) -> str:
    """Return the address at which these emails are stopped without a log-in; "" if the settings don't say where."""
    site = portal_site()
    token = signing.dumps([reader.customer.pk, reader.email, reader.topic.value], salt=SALT)
    path = reverse("portal_stop_emails", urlconf=PORTAL_ADDRESSES)
    return f"{site}{path}?{urlencode({'token': token})}" if site else ""


def reader_of(token: str) -> Reader:
    """Return whom a link is about. Raises LinkIsBroken."""
    try:
        customer, email, topic = signing.loads(token, salt=SALT)
        return Reader(Customer.objects.get(pk=customer), email, EmailTopic(topic))
    except (signing.BadSignature, Customer.DoesNotExist, ValueError):
        raise LinkIsBroken from None


def stop_headers(reader: Reader) -> dict[str, str]:
    """Return the headers by which email programs stop them with one click (RFC 8058)."""
    address = stop_address(reader)
    if not address.startswith("https://"):
        return {}
    return {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def money_notes(customer: Customer, brand: Brand) -> list[Note]:
    """Return the foot of an email about money owed."""
    why = f"You get this as a billing contact of {customer}. {ABOUT_MONEY}"
    address = portal_address(customer, "emails")
    return [Note(why, "See who gets them", address) if address else Note(why), *_questions(brand)]


def topic_notes(reader: Reader, brand: Brand) -> list[Note]:
    """Return the foot of an email that can be switched off, with the link that does."""
    why = f"You get this because “{reader.topic.label}” is on in your email settings for {reader.customer}."
    stop, page = stop_address(reader), portal_address(reader.customer, "emails")
    ways = [Note("", "Stop these emails", stop)] if stop else []
    return [Note(why), *ways, *([Note("", "Choose which emails you get", page)] if page else []), *_questions(brand)]


def _questions(brand: Brand) -> list[Note]:
    return [Note(f"Questions? Write to {brand.email}.")] if brand.email else []


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
