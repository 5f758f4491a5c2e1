"""Tell people by email that a request waits for their approval."""

from typing import Any

from celery import shared_task
from django.utils.timezone import now

from billing_engine.core.approvals.inbox import mail_requests


@shared_task(name="core.mail_approvals")
def mail_approvals(**_: Any) -> int:
    """Email the people who may decide about new requests."""
    return mail_requests(at=now())
