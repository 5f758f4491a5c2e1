"""Which queue each task goes to, and what beat asks for again and again.

Messages may be lost, rows may not: each sweep finds pending work and requests it again.
"""

from typing import Any

from celery.schedules import crontab


def _every(seconds: float, task: str, *, expires: int = 0) -> dict[str, Any]:
    return {"task": task, "schedule": seconds, "options": {"expires": expires or int(seconds)}}


ROUTES = {
    # Not on the rating queue: a worker takes from its queues in turn, so ratings never wait for simulations or imports.
    **{
        task: {"queue": "celery"}
        for task in ("pricing.simulate_customers", "pricing.rate_announced", "pricing.import_rules")
    },
    "pricing.*": {"queue": "rating"},
    # Mail servers, receivers of webhooks and large documents can be slow, so these three queues have their own workers.
    **{
        task: {"queue": "mails"}
        for task in (
            "invoices.mail",
            "core.mail_approvals",
            "reports.mail",
            "reports.alert_mail",
            "receivables.mail",
            "receivables.event_mail",
            "receivables.remind",
            "receivables.mail_statement",
        )
    },
    **{
        task: {"queue": "documents"}
        for task in ("invoices.render", "receivables.render", "reports.export", "receivables.export_books")
    },
    **{task: {"queue": "webhooks"} for task in ("receivables.webhooks", "leads.fetch_leads")},
    "invoices.*": {"queue": "billing"},
    "receivables.*": {"queue": "billing"},
}
SWEEPS = {
    "rate what is waiting": _every(5.0, "pricing.sweep"),
    "retry what a bulk retry has left": _every(5.0, "leads.sweep"),
    "delete imported files after their time": _every(24 * 3600.0, "leads.expire_files", expires=3600),
    "clear what is kept no longer and archive what is old": {
        "task": "leads.keep_and_archive",
        "schedule": crontab(hour="2", minute="20"),
        "options": {"expires": 3600},
    },
    "do what reports have left": _every(5.0, "reports.sweep"),
    "do what receivables have left": _every(5.0, "receivables.sweep"),
    "bill what a run has left": _every(5.0, "invoices.sweep"),
    "find actions that are unrated for too long": _every(300.0, "receivables.tell_of_unrated"),
    "mail new requests for approval": _every(15.0, "core.mail_approvals"),
    "find what people are alerted to": _every(900.0, "reports.evaluate_alerts"),
    "chain the deeds": _every(5.0, "core.seal_deeds"),
    "prepare forecasts": _every(6 * 3600.0, "reports.prepare_forecasts", expires=3600),
    "log the head of the deeds": _every(3600.0, "core.publish_head_of_deeds", expires=60),
}

# Redis redelivers an unacknowledged message after this time; the rows' state makes the second one harmless.
TRANSPORT = {
    "visibility_timeout": 3_600,
    # An unresponsive Redis: clients give up after these timeouts, and do not retry.
    "socket_connect_timeout": 2,
    "socket_timeout": 3,
    "retry_on_timeout": False,
    "max_retries": 0,  # of connecting, by senders; the worker's and beat's own reconnecting continues without limit
    # The worker's own connections, on which it waits for messages, are dropped when they have been silent for so long.
    "health_check_interval": 10,
    "socket_keepalive": True,
}
