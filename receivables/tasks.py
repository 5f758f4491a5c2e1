"""Celery tasks for receivables: each one makes one call."""

from celery import shared_task
from django.utils.timezone import now

from billing_engine.core.queues.queue import Queue, sweep
from invoices.tasks import MAX_SECONDS_PER_DOCUMENT
from receivables.domain.exports.write import BOOKS
from receivables.domain.late_voids.settling import VOID_CREDITS
from receivables.domain.papers.mail import PAPER_MAILS
from receivables.domain.papers.store import PAPERS
from receivables.domain.payments.bank_files.queue import BANK_FILES, SECONDS_UNTIL_KILLED
from receivables.domain.reminders.sending import REMINDERS
from receivables.domain.reminders.timetable import STARTS
from receivables.domain.statements.monthly import MONTHLY
from receivables.domain.statements.sending import STATEMENTS
from receivables.domain.topic_emails.sending import TOPIC_EMAILS
from receivables.domain.webhooks.deliveries import ENDPOINTS
from receivables.domain.webhooks.mails import EVENT_MAILS
from receivables.domain.webhooks.unrated import tell_of_unrated

QUEUES: tuple[Queue, ...] = (
    *(BANK_FILES, BOOKS, PAPERS, PAPER_MAILS, STARTS, REMINDERS, MONTHLY, STATEMENTS),
    *(ENDPOINTS, EVENT_MAILS, VOID_CREDITS, TOPIC_EMAILS),
)
# Each is shorter than the lease of an attempt, after which another worker may claim it.
MAX_SECONDS_PER_PASS, MAX_SECONDS_PER_EMAIL = 150, 240


@shared_task(name="receivables.bank_files", time_limit=SECONDS_UNTIL_KILLED)
def bank_files_task(*, item_id: int, attempt: int, **_: object) -> None:
    """Read a bank's file, book what is certain, or undo it."""
    BANK_FILES.work(item_id, attempt=attempt, at=now())


@shared_task(name="receivables.export_books")
def export_books_task(*, item_id: int, attempt: int, **_: object) -> None:
    """Write one file for the books."""
    BOOKS.work(item_id, attempt=attempt, at=now())


@shared_task(name="receivables.webhooks", time_limit=MAX_SECONDS_PER_PASS)
def webhooks_task(*, item_id: int, attempt: int, **_: object) -> None:
    """Send what is due to one endpoint."""
    ENDPOINTS.work(item_id, attempt=attempt, at=now())


@shared_task(name="receivables.event_mail", time_limit=MAX_SECONDS_PER_EMAIL)
def event_mail_task(*, item_id: int, attempt: int, **_: object) -> None:
    """Send one email about events."""
    EVENT_MAILS.work(item_id, attempt=attempt, at=now())


@shared_task(name="receivables.remind", time_limit=MAX_SECONDS_PER_EMAIL)
def remind_task(*, item_id: int, attempt: int, **_: object) -> None:
    """Send one reminder."""
    REMINDERS.work(item_id, attempt=attempt, at=now())


@shared_task(name="receivables.start_reminders")
def start_reminders_task(*, item_ids: list[int], **_: object) -> None:
    """Start the reminders of a company for today."""
    STARTS.work(item_ids, at=now())


@shared_task(name="receivables.start_statements")
def start_statements_task(*, item_ids: list[int], **_: object) -> None:
    """Request the statements of some customers for the month that is over."""
    MONTHLY.work(item_ids, at=now())


@shared_task(name="receivables.mail_statement", time_limit=MAX_SECONDS_PER_EMAIL)
def mail_statement_task(*, item_id: int, attempt: int, **_: object) -> None:
    """Send one statement."""
    STATEMENTS.work(item_id, attempt=attempt, at=now())


@shared_task(name="receivables.mail_topic", time_limit=MAX_SECONDS_PER_EMAIL)
def mail_topic_task(*, item_id: int, attempt: int, **_: object) -> None:
    """Send one email to a person of a customer."""
    TOPIC_EMAILS.work(item_id, attempt=attempt, at=now())


@shared_task(name="receivables.render", time_limit=MAX_SECONDS_PER_DOCUMENT)
def render_task(*, item_id: int, attempt: int, **_: object) -> None:
    """Render and store one PDF."""
    PAPERS.work(item_id, attempt=attempt, at=now())


@shared_task(name="receivables.mail", time_limit=MAX_SECONDS_PER_EMAIL)
def mail_task(*, item_id: int, attempt: int, **_: object) -> None:
    """Send one email with a PDF."""
    PAPER_MAILS.work(item_id, attempt=attempt, at=now())


@shared_task(name="receivables.settle_voids")
def settle_voids_task(*, item_ids: list[int], **_: object) -> None:
    """Credit actions of an invoice that were voided after it was issued."""
    VOID_CREDITS.work(item_ids, at=now())


@shared_task(name="receivables.sweep")
def sweep_task(**_: object) -> int:
    """Distribute new events, and queue what is left; return the number of messages."""
    return sweep(QUEUES, at=now())


@shared_task(name="receivables.tell_of_unrated")
def tell_of_unrated_task(**_: object) -> int:
    """Write the events of actions that have been unrated for too long; return how many."""
    return tell_of_unrated(at=now())
