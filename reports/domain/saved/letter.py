"""What a report says in an email: its text, its picture and its file."""

from collections.abc import Callable
from dataclasses import dataclass
from email.mime.image import MIMEImage
from hashlib import sha256

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from reports.models import ReportMailing

PICTURE = "chart"  # what the HTML part calls the picture


@dataclass(frozen=True, slots=True)
class File:
    """A file with all rows of the answer."""

    name: str
    content_type: str
    content: bytes
    rows: int

    @property
    def rows_in_words(self) -> str:
        """Return `12 of 12`: a file has all rows, or there is none."""
        return f"{self.rows:,} of {self.rows:,}"

    @property
    def sha256(self) -> str:
        """Return the digest of its content."""
        return sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class Letter:
    """A report as of one time, in words, or a notice."""

    subject: str
    text: str
    html: str = ""
    picture: bytes | None = None  # PNG
    file: File | None = None


Compose = Callable[[ReportMailing], Letter]


def message_of(letter: Letter, mailing: ReportMailing) -> EmailMultiAlternatives:
    """Return the email, with the Message-ID that all its copies share."""
    message = EmailMultiAlternatives(
        letter.subject,
        letter.text,
        settings.DEFAULT_FROM_EMAIL,
        mailing.pending_addresses,
        headers={"Message-ID": mailing.message_id},
    )
    if letter.html:
        message.attach_alternative(letter.html, "text/html")
    if letter.picture:
        picture = MIMEImage(letter.picture, "png")
        picture.add_header("Content-ID", f"<{PICTURE}>")
        picture.add_header("Content-Disposition", "inline", filename=f"{PICTURE}.png")
        message.attach(picture)
    if letter.file:
        message.attach(letter.file.name, letter.file.content, letter.file.content_type)
    return message
