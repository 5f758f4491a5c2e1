"""Mails where there is no mail server: told in the log, without whom they are for or what they say."""

from django.core.mail import EmailMessage
from django.core.mail.backends.console import EmailBackend as Console


class EmailBackend(Console):
    """A line for each mail. A log is read by more people than an invoice, and kept for longer."""

    def write_message(self, message: EmailMessage) -> None:
        """The mail's own id, and how much it holds."""
        whole = message.message()
        recipients, size = len(message.recipients()), len(whole.as_bytes())
        self.stream.write(
            f"A mail was written down, not sent: {whole['Message-ID']}, recipients: {recipients}, "
            f"attachments: {len(message.attachments)}, bytes: {size}\n"
        )
