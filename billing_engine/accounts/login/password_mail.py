"""The link to a new password, sent by a worker: the page does the same for every address, whoever has it or nobody."""

import logging
from collections.abc import Sequence

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils.http import urlencode

from billing_engine.accounts.domain.customer_people import has_verified, is_of_a_customer

logger = logging.getLogger(__name__)

TEMPLATE = "account/email/password_reset_key"


def mail_password_links(user_ids: Sequence[int], *, at_portal: bool, address: str) -> int:
    """Send each of these people who logs in at this door with a password a link; return how many that were.

    `address` is the page of the link. A message that got lost is not found again: the person asks once more.
    """
    people = [user for user in User.objects.filter(pk__in=user_ids, is_active=True) if _may(user, at_portal=at_portal)]
    for user in people:
        key = urlencode({"key": f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"})
        context = {"user": user, "password_reset_url": f"{address}?{key}"}
        subject = render_to_string(f"{TEMPLATE}_subject.txt", context).strip()
        body = render_to_string(f"{TEMPLATE}_message.txt", context)
        try:
            EmailMessage(subject, body, settings.DEFAULT_FROM_EMAIL, [user.email]).send()
        except OSError as error:
            logger.warning("The link to a new password could not be sent: %s", type(error).__name__)
    return len(people)


def _may(user: User, *, at_portal: bool) -> bool:
    """Whether the person logs in at this door with a password, and the address is known to be theirs."""
    is_at_its_door = has_verified(user, user.email) and is_of_a_customer(user) if at_portal else user.is_staff
    return is_at_its_door and user.has_usable_password()
