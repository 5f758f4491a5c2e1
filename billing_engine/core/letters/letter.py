"""An email to a customer: what it says once, as text and as HTML that needs no pictures and loads nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from billing_engine.core.letters.brand import Brand, brand_colors
from billing_engine.core.letters.parts import Part, Sentences, parts_of, text_of
from billing_engine.core.letters.styles import STYLES

GREETINGS = ("hello ", "dear ")
PREVIEWED = 140  # characters beside the subject in a list of emails


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence of the foot, and where it leads, if anywhere."""

    words: str
    link: str = ""  # the linked words after them
    address: str = ""

    @property
    def text(self) -> str:
        return f"{self.words} {self.link}: {self.address}".strip() if self.address else self.words


@dataclass(frozen=True, slots=True)
class Letter:
    """The heading, which is the subject; the parts; who writes; and why the reader gets it."""

    subject: str
    parts: tuple[Part, ...]
    brand: Brand
    notes: tuple[Note, ...] = ()

    @property
    def sender(self) -> str:
        """`Swatchyard, 350 Harbor Street, Brooklyn`."""
        return ", ".join(filter(None, (self.brand.name, self.brand.place)))

    @property
    def preview(self) -> str:
        """What lists of emails show beside the subject: the first sentences after the greeting."""
        sentences = [part.words for part in self.parts if isinstance(part, Sentences)]
        said = [words for words in sentences if not (words.lower().startswith(GREETINGS) and words.endswith(","))]
        return " ".join(said[0].split())[:PREVIEWED] if said else ""

    @property
    def as_text(self) -> str:
        foot = "\n".join([*(note.text for note in self.notes), self.sender])
        return f"{text_of(self.parts)}\n-- \n{foot}\n"

    @property
    def as_html(self) -> str:
        light, dark = brand_colors()
        shown = {"letter": self, "style": STYLES, "brand_light": light, "brand_dark": dark}
        return render_to_string("core/letter.html", shown)


def letter_of(subject: str, body: str, *, brand: Brand, notes: Iterable[Note] = ()) -> Letter:
    """Return the letter of a message that is stored as text."""
    return Letter(subject, parts_of(body), brand, tuple(notes))


def message_of(
    letter: Letter, *, to: Sequence[str], headers: dict[str, str] | None = None, file: tuple[str, bytes] | None = None
) -> EmailMultiAlternatives:
    """Return the email with both forms of the letter, and a PDF by its file name and content, if any."""
    message = EmailMultiAlternatives(
        letter.subject, letter.as_text, settings.DEFAULT_FROM_EMAIL, list(to), headers=headers or {}
    )
    message.attach_alternative(letter.as_html, "text/html")
    if file:
        message.attach(*file, "application/pdf")
    return message
