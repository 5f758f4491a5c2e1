"""Without a mail server, the log says that an email was logged, but not its content or recipients."""

import re
from io import StringIO

from django.core.mail import EmailMessage

from billing_engine.operations.log_mail import EmailBackend


def test_a_mail_that_is_only_written_down_leaves_no_address_and_no_body_in_the_log() -> None:
    log = StringIO()
    mail = EmailMessage("Invoice INV-1", "Dear Ann, you owe us", "us@engine.example", ["ann@acme.example"])
    mail.attach("invoice.pdf", b"%PDF-1.7", "application/pdf")

    assert EmailBackend(stream=log).send_messages([mail]) == 1

    pattern = r"An email was logged, not sent: <\S+>, recipients: 1, attachments: 1, bytes: \d+\n"
    assert re.fullmatch(pattern, log.getvalue())


def test_an_address_of_the_console_takes_this_one() -> None:
    from billing_engine import settings  # noqa: PLC0415 -- as the environment of the tests makes it

    assert settings.EMAIL_BACKEND == "billing_engine.operations.log_mail.EmailBackend"
