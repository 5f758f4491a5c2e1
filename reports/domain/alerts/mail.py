"""Email people about alerts, if at that moment they may still see the figure and still want to know."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import DNS_NAME, EmailMessage
from django.db.models import Q, QuerySet
from django.urls import reverse

from billing_engine.core.queues.attempt import Failure
from billing_engine.core.queues.leased import LeasedQueue
from invoices.domain.mail.server import DeliveryResult, hand_over, sends_email
from reports.domain.alerts.kinds import RULES
from reports.models import Alert, AlertMail, AlertSubscription

PAUSE = timedelta(minutes=30)
MOST_ATTEMPTS = 20  # about ten hours
LEASE = timedelta(minutes=5)
TOLD = 50  # alerts in one email

State = AlertMail.State
NO_SERVER = "There is no mail server."
NO_RIGHT = "The person may no longer see this."
NOT_CHOSEN = "The person no longer wants these emails."
NO_ADDRESS = "The person has no email address."
RESOLVED = "The alerts were resolved before."


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an attempt: the server's answer, or why nothing was handed over."""

    answer: DeliveryResult = field(default_factory=DeliveryResult)
    dropped: str = ""


class AlertMails(LeasedQueue[AlertMail, Outcome]):
    """The queue of emails about alerts."""

    task = "reports.alert_mail"
    lease = LEASE
    most_attempts = MOST_ATTEMPTS

    def waiting(self) -> QuerySet[AlertMail]:
        return AlertMail.objects.filter(state=State.WAITING).select_related("person")

    def act(self, mail: AlertMail, *, at: datetime) -> Outcome:
        """Send it. Rights and choices are read now, not when the alert opened."""
        alerts = list(mail.alerts.open().order_by("pk"))
        wanted = [alert for alert in alerts if _is_chosen(mail, alert)]
        if why_not := _why_not(mail, alerts, wanted):
            return Outcome(dropped=why_not)
        return Outcome(hand_over(_message(mail, wanted), to=[mail.person.email]))

    def settle(self, mail: AlertMail, outcome: Outcome, *, at: datetime) -> None:
        answer = outcome.answer
        if outcome.dropped:
            _settle(mail, State.DROPPED, outcome.dropped, at=at)
        elif answer.accepted:
            _settle(mail, State.SENT, "", at=at)
        elif answer.rejected:
            _settle(mail, State.FAILED, "; ".join(answer.rejected.values()), at=at)
        else:
            self.fail(mail, Failure("not_taken", answer.reason), at=at)

    def fail(self, mail: AlertMail, failure: Failure, *, at: datetime) -> None:
        if mail.attempts >= MOST_ATTEMPTS:
            _settle(mail, State.FAILED, failure.words, at=at)
        else:
            mail.reason, mail.next_attempt_at = failure.words[:500], at + PAUSE


ALERT_MAILS = AlertMails()


def _settle(mail: AlertMail, state: AlertMail.State, reason: str, *, at: datetime) -> None:
    mail.state, mail.reason, mail.settled_at, mail.next_attempt_at = state, reason[:500], at, None


def _is_chosen(mail: AlertMail, alert: Alert) -> bool:
    own = Q(customer=None, source=None) | Q(customer=alert.customer_id, source=alert.source_id)
    return AlertSubscription.objects.filter(own, person=mail.person_id, kind=mail.kind, by_email=True).exists()


def _why_not(mail: AlertMail, alerts: list[Alert], wanted: list[Alert]) -> str:
    """Why nothing is sent; empty if it is."""
    person = mail.person
    if not alerts:
        return RESOLVED
    if not (person.is_active and person.is_staff and RULES[mail.kind].is_seen_by(person)):
        return NO_RIGHT
    if not wanted:
        return NOT_CHOSEN
    if not person.email:
        return NO_ADDRESS
    return "" if sends_email() else NO_SERVER


def _message(mail: AlertMail, alerts: list[Alert]) -> EmailMessage:
    # Copies share their Message-ID: a worker may end after the server took one.
    headers = {"Message-ID": f"<alert-{mail.pk}-{mail.requested_at:%Y%m%d%H%M%S}@{DNS_NAME}>"}
    more = len(alerts) - TOLD
    subject = alerts[0].title if len(alerts) == 1 else f"{len(alerts):,} alerts: {mail.get_kind_display()}"
    parts = [f"{alert.title}\n{alert.words}\n{_page(alert)}" for alert in alerts[:TOLD]]
    parts += [f"And {more:,} more, under Alerts."] if more > 0 else []
    parts.append(
        f"You get this email because you chose “{mail.get_kind_display()}” under Alerts in the Lead Billing Engine:"
        f" {reverse('admin:reports_alert_settings')}"
    )
    return EmailMessage(
        " ".join(subject.split()),
        "\n\n".join(parts) + "\n",
        settings.DEFAULT_FROM_EMAIL,
        [mail.person.email],
        headers=headers,
    )


def _page(alert: Alert) -> str:
    return reverse("admin:reports_alert_change", args=[alert.pk])
