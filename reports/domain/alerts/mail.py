"""Email people about alerts, if at that moment they may still see the figure and still want to know."""

from django.db.models import Q, QuerySet
from django.urls import reverse

from invoices.domain.mail.notice import NO_RIGHT, NOT_CHOSEN, TOLD, NoticeQueue, NotSent
from reports.domain.alerts.kinds import RULES
from reports.models import Alert, AlertMail, AlertSubscription

RESOLVED = "The alerts were resolved before."


class AlertMails(NoticeQueue[AlertMail]):
    """The queue of emails about alerts."""

    task = "reports.alert_mail"
    about = "alert"

    def waiting(self) -> QuerySet[AlertMail]:
        return AlertMail.objects.filter(state=AlertMail.State.WAITING).select_related("person")

    def letter(self, mail: AlertMail) -> tuple[str, str]:
        alerts = list(mail.alerts.open().order_by("pk"))
        if not alerts:
            raise NotSent(RESOLVED)
        if not RULES[mail.kind].is_seen_by(mail.person):
            raise NotSent(NO_RIGHT)
        wanted = [alert for alert in alerts if _is_chosen(mail, alert)]
        if not wanted:
            raise NotSent(NOT_CHOSEN)
        return _about(mail, wanted)


ALERT_MAILS = AlertMails()


def _is_chosen(mail: AlertMail, alert: Alert) -> bool:
    own = Q(customer=None, source=None) | Q(customer=alert.customer_id, source=alert.source_id)
    return AlertSubscription.objects.filter(own, person=mail.person_id, kind=mail.kind, by_email=True).exists()


def _about(mail: AlertMail, alerts: list[Alert]) -> tuple[str, str]:
    more = len(alerts) - TOLD
    subject = alerts[0].title if len(alerts) == 1 else f"{len(alerts):,} alerts: {mail.get_kind_display()}"
    parts = [f"{alert.title}\n{alert.words}\n{_page(alert)}" for alert in alerts[:TOLD]]
    parts += [f"And {more:,} more, under Alerts."] if more > 0 else []
    parts.append(
        f"You get this email because you chose “{mail.get_kind_display()}” under Alerts in the Lead Billing Engine:"
        f" {reverse('admin:reports_alert_settings')}"
    )
    return subject, "\n\n".join(parts) + "\n"


def _page(alert: Alert) -> str:
    return reverse("admin:reports_alert_change", args=[alert.pk])
