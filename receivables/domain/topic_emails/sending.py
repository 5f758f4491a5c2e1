"""Send emails about topics, each written under its claim, to people who want them at that moment."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from billing_engine.core import money
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.letters.brand import Brand
from billing_engine.core.letters.parts import Part, text_of
from invoices.domain.mail.request import new_message_id
from invoices.domain.wording import clean
from leads.domain.brand import brand_of
from leads.domain.memberships.emails import readers_of
from leads.models import Customer, EmailTopic
from receivables.domain.papers.claimed import ClaimedMails, NotSent, Written
from receivables.models import TopicEmail

NOT_WANTED = "The person switched these emails off, or no longer belongs to the customer."


@dataclass(frozen=True, slots=True)
class Composed:
    """What an email says now; `also` are addresses that it concerns, besides those that always get it."""

    subject: str
    parts: Sequence[Part]
    also: Sequence[str] = ()


Compose = Callable[[TopicEmail], Composed | None]

_composers: dict[str, Compose] = {}


def compose_by(topic: EmailTopic, compose: Compose) -> None:
    """Register what writes the emails of a topic, and returns None if there is nothing left to say."""
    _composers[topic] = compose


class TopicEmails(ClaimedMails[TopicEmail]):
    """The queue of emails about topics."""

    task = "receivables.mail_topic"
    sent = Verb("topic_email_sent", "Email to a person of the customer sent")
    not_sent = Verb("topic_email_not_sent", "Email to a person of the customer not sent")
    nothing = "It was settled before."

    def waiting(self) -> QuerySet[TopicEmail]:
        return TopicEmail.objects.waiting().select_related("customer")

    def written(self, mail: TopicEmail, *, at: datetime) -> Written | NotSent | None:
        day = mail.customer.day_of(at)
        with money.read_in(mail.customer.terms.on(day).locale):
            found = _composers[mail.topic](mail)
        if found is None:
            return None
        readers = readers_of(mail.customer, EmailTopic(mail.topic), on=day, also=found.also)
        if mail.email.lower() not in map(str.lower, readers):
            return NotSent(TopicEmail.State.DROPPED, NOT_WANTED)
        return Written(clean(found.subject), text_of(found.parts), [mail.email])

    def brand(self, mail: TopicEmail) -> Brand:
        return brand_of(mail.customer)

    def topic(self, mail: TopicEmail) -> EmailTopic:
        return EmailTopic(mail.topic)


TOPIC_EMAILS = TopicEmails()


def tell(
    customer: Customer,
    topic: EmailTopic,
    *,
    about: int,
    at: datetime,
    percent: int | None = None,
    also: Iterable[str] = (),
) -> list[TopicEmail]:
    """Request one email to each person of the customer who wants to hear of it; those who were told already are not again."""
    told = list[TopicEmail]()
    for email in readers_of(customer, topic, on=customer.day_of(at), also=also):
        values = {
            "customer": customer,
            "addresses": [email],
            "email": email,
            "requested_at": at,
            "next_attempt_at": at,
            "message_id": new_message_id(),
        }
        same = {"topic": topic, "about": about, "percent": percent, "email__iexact": email}
        mail, is_new = TopicEmail.objects.get_or_create(**same, defaults=values)
        if is_new:
            TOPIC_EMAILS.ask_for(mail)
            told.append(mail)
    return told
