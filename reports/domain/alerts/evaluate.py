"""Open an alert for each new cause, resolve those whose cause is gone, and ask for the emails."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from billing_engine.core.deeds.record import deed_of, record_all
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.models.deed import reference
from billing_engine.core.queues.hold import held
from receivables.domain.webhooks.outbox import tell
from reports.domain.alerts.customer_budget import tell_customer
from reports.domain.alerts.finding import Finding
from reports.domain.alerts.kinds import RULES, Rule
from reports.domain.alerts.mail import ALERT_MAILS
from reports.models import Alert, AlertMail, AlertSubscription

ALERT_OPENED = Verb("alert_opened", "Alert opened")
ALERT_RESOLVED = Verb("alert_resolved", "Alert resolved")

TASK = "reports.evaluate_alerts"
TITLE_LENGTH = 300


def evaluate(*, at: datetime) -> int:
    """Look for causes of every kind; return how many alerts were opened.

    One pass at a time, each kind in a transaction of its own: killed in between, the next pass does the rest. A pass that
    finds the same does nothing.
    """
    with held(TASK, 0) as is_ours:
        return sum(_evaluate(rule, at=at) for rule in RULES.values()) if is_ours else 0


@transaction.atomic
def _evaluate(rule: Rule, *, at: datetime) -> int:
    found = rule.found(at=at)
    open_ones = {alert.cause: alert for alert in Alert.objects.open().filter(kind=rule.kind).select_for_update()}
    _resolve([alert for cause, alert in open_ones.items() if cause not in found], at=at)
    opened = _open(rule, (each for cause, each in found.items() if each.opens and cause not in open_ones), at=at)
    _tell(rule, opened, at=at)
    return len(opened)


def _resolve(alerts: list[Alert], *, at: datetime) -> None:
    Alert.objects.filter(pk__in=[alert.pk for alert in alerts]).update(resolved_at=at)
    record_all(deed_of(ALERT_RESOLVED, on=alert, by=None) for alert in alerts)


def _open(rule: Rule, findings: Iterable[Finding], *, at: datetime) -> list[Alert]:
    findings = list(findings)
    opened = Alert.objects.bulk_create(
        Alert(
            kind=rule.kind,
            cause=each.cause,
            customer_id=each.customer,
            source_id=each.source,
            title=each.title[:TITLE_LENGTH],
            words=each.words,
            opened_at=at,
        )
        for each in findings
    )
    record_all(deed_of(ALERT_OPENED, on=alert, by=None, after={"explanation": alert.words}) for alert in opened)
    for each, alert in zip(findings, opened, strict=True):
        if each.event and each.customer:
            tell(each.event, customer=each.customer, subject=reference(alert), data=each.facts, at=at)
            tell_customer(each, at=at)
    return opened


def _tell(rule: Rule, opened: list[Alert], *, at: datetime) -> None:
    """Ask for one email to each person who chose these alerts, however many there are."""
    chosen = AlertSubscription.objects.filter(kind=rule.kind, by_email=True, person__is_active=True)
    about = Q(customer__in={alert.customer_id for alert in opened}) | Q(
        source__in={alert.source_id for alert in opened}
    )
    everything = Q(customer=None, source=None)
    wanted = dict[int, list[Alert]]()
    for choice in chosen.filter(everything | about) if opened else ():
        mine = wanted.setdefault(choice.person_id, [])
        mine += [alert for alert in opened if covers(choice, alert) and alert not in mine]
    for person, alerts in wanted.items():
        mail = AlertMail.objects.create(person_id=person, kind=rule.kind, requested_at=at, next_attempt_at=at)
        mail.alerts.set(alerts)
        ALERT_MAILS.ask_for(mail)


def covers(choice: AlertSubscription, alert: Alert) -> bool:
    """Whether the person chose this alert: all of its kind, or those of its customer or source."""
    of = (choice.customer_id, choice.source_id)
    return choice.kind == alert.kind and of in ((None, None), (alert.customer_id, alert.source_id))
