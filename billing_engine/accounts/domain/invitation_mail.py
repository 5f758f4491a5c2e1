"""The email of an invitation."""

from django.core.mail import EmailMessage

from billing_engine.accounts.models import Invitation
from billing_engine.core.errors import Refused

SUBJECT = "You are invited to the Lead Billing Engine"
TEXT = """Hello {name},

{by} invites you to the Lead Billing Engine. To set up your log-in, open this link and press the button there:

{link}

The link works once, until {until}. If you did not expect this email, ignore it.
"""


class MailNotSent(Refused):
    code = "mail_not_sent"
    message = "The invitation is stored, but the email could not be sent. Check the mail server, then send it again."


def send(invitation: Invitation, *, link: str) -> None:
    """Send the link to the invited person. Raises MailNotSent."""
    text = TEXT.format(
        name=invitation.name,
        by=invitation.invited_by.get_full_name() or invitation.invited_by.get_username(),
        link=link,
        until=f"{invitation.expires_at:%B %-d, %Y, %H:%M} UTC",
    )
    try:
        EmailMessage(SUBJECT, text, to=[invitation.email]).send()
    except OSError as error:  # smtplib's errors and those of the connection
        raise MailNotSent from error
