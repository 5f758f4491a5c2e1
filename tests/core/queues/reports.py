"""Waiting work of each queue in reports."""

import zlib
from typing import Any

from reports.domain.alerts.evaluate import evaluate
from reports.domain.alerts.subscriptions import choose_kinds
from reports.domain.exports.ask import ask
from reports.domain.saved.schedules import pause, run_now
from reports.models import AlertMail, Export, ExportPart, ReportMailing
from tests.core.queues.case import NOVEMBER_3, Case
from tests.factories.leads import DeliveryFactory, QuarantinedItemFactory, SourceFactory
from tests.factories.people import with_role
from tests.factories.reports import a_reader
from tests.invoices.made import IN_OCTOBER, a_draft
from tests.reports.saved.made import scheduled

READER = "frank@swatchyard.example"


def an_export() -> None:
    period = a_draft(1, name="Ash", code="ASH").period
    ask("explorer", f"customer={period.customer.code}&days=all", "csv", by=with_role("Finance"), at=NOVEMBER_3)


def exports() -> Any:
    return (
        list(Export.objects.values_list("state", "rows_written", "reason")),
        [zlib.decompress(part.content).count(b"\r\n") for part in ExportPart.objects.all()],
    )


def a_report_to_mail() -> None:
    """Asked for now; its schedule is paused, so that later hours make no other email due."""
    a_draft(1, name="Ash", code="ASH")
    reader = a_reader()
    daily = scheduled(reader, question="show=amount&group=customer&period=2026-10")
    run_now(daily, by=reader, at=NOVEMBER_3)
    pause(daily, by=reader)


def mailed_reports() -> Any:
    return list(ReportMailing.objects.values_list("state", "accepted", "rows", "reason"))


def an_alert_to_mail() -> None:
    reader = a_reader()
    choose_kinds({"quarantine": "email"}, by=reader, at=IN_OCTOBER)
    delivery = DeliveryFactory.create(source=SourceFactory.create(), received_at=IN_OCTOBER)
    QuarantinedItemFactory.create(delivery=delivery, received_at=IN_OCTOBER)
    evaluate(at=NOVEMBER_3)


def mailed_alerts() -> Any:
    return list(AlertMail.objects.values_list("state", "reason"))


CASES = {
    "reports.export": Case(
        make=an_export,
        facts=exports,
        done=([("done", 1, "")], [3]),
        given_up=([("failed", 0, "3 workers ended while writing it.")], []),
    ),
    "reports.mail": Case(
        make=a_report_to_mail,
        facts=mailed_reports,
        done=[("sent", [READER], 1, "")],
        given_up=[("failed", [], None, "5 workers ended while sending it.")],
        deaths=5,
    ),
    "reports.alert_mail": Case(
        make=an_alert_to_mail,
        facts=mailed_alerts,
        done=[("sent", "")],
        given_up=[("failed", "20 attempts ended without an outcome.")],
        deaths=20,
        least_kills=8,
    ),
}
