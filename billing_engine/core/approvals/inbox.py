"""The inbox: what is waiting for a person's decision, and the email that says so."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from billing_engine.core.approvals.kinds import Kind, kind_of, kinds
from billing_engine.core.approvals.people import who_may_decide
from billing_engine.core.models import ApprovalRequest

LOGGED = "billing_engine.operations.log_mail.EmailBackend"
TRIED_FOR = timedelta(days=1)


def to_decide(by: User) -> QuerySet[ApprovalRequest]:
    """Return the requests that wait and that this person may decide, oldest first; an author never may."""
    allowed = [code for code, kind in kinds().items() if by.has_perm(kind.permission)]
    return ApprovalRequest.objects.waiting().filter(kind__in=allowed).exclude(authors__contains=[by.pk])


def mail_requests(*, at: datetime) -> int:
    """Email the people who may decide about each new request, once; return how many requests that were.

    The request itself is the task, so an email that can't be sent is tried for a day and then left out. Without an email
    server nothing is sent.
    """
    if settings.EMAIL_BACKEND == LOGGED:
        return 0
    done = 0
    while _mail_next(at):
        done += 1
    return done


@transaction.atomic
def _mail_next(at: datetime) -> bool:
    waiting = ApprovalRequest.objects.waiting().filter(mailed_at=None, asked_at__gt=at - TRIED_FOR)
    request = waiting.select_for_update(of=("self",), skip_locked=True).select_related("asked_by").first()
    if request is None:
        return False
    kind = kind_of(request.kind)
    people = who_may_decide(kind).exclude(pk__in=request.authors).exclude(email="").order_by("email")
    if addresses := list(people.values_list("email", flat=True)):
        message = _message(request, kind)
        message.bcc = addresses
        message.send()
    request.mailed_at = at
    request.save(update_fields=["mailed_at"])
    return True


def _message(request: ApprovalRequest, kind: Kind) -> EmailMessage:
    asker = request.asked_by.get_full_name() or request.asked_by.get_username()
    page = reverse("admin:core_approvalrequest_change", args=[request.pk])
    body = (
        f"{asker} asks for approval.\n\n{kind.words}: {request.subject_name}\nReason: {request.reason}\n\n"
        f"See what changes and decide under Approvals in the Lead Billing Engine: {page}\n"
    )
    subject = " ".join(f"Approval requested: {request.subject_name}".split())
    return EmailMessage(subject, body, settings.DEFAULT_FROM_EMAIL)
